import { words } from '@/shared/words'

words('alerts', {
  title: ['告警', 'Alerts'], lead: ['监控送来的告警如何归组、建了哪张单、为何抑制。', 'How alerts of monitoring were grouped, which tickets they opened, and why some opened none.'],
  groups: ['告警组', 'Groups'], bucket: ['待映射', 'Unmapped'], all: ['全部告警', 'All alerts'], mapping: ['告警映射', 'Mapping'],
  live: ['实时', 'Live'], find: ['按名称、标签、单号查找', 'Find by name, label, ticket'],
  active: ['未恢复 {n}', '{n} firing'], of: ['共 {n}', 'of {n}'], recovered: ['已恢复', 'Recovered'], down: ['停服', 'Service down'],
  open: ['建单', 'Opened'], join: ['并入', 'Joined'], suppress: ['抑制', 'Suppressed'], unmapped: ['待映射', 'Unmapped'], waiting: ['待定', 'Pending'],
  why: ['为何', 'Why'], rule: ['规则', 'Rule'], ticket: ['工单', 'Ticket'], no_ticket: ['未建单', 'No ticket'], since: ['起于', 'Since'], seen: ['最近', 'Last seen'], times: ['{n} 次', '{n} times'], until: ['无更新则于此时视为恢复', 'Counts as over unless repeated by'],
  labels: ['标签', 'Labels'], source: ['来源', 'Source'], at_source: ['在监控中打开', 'Open in monitoring'], system: ['系统', 'System'], provinces: ['省份', 'Provinces'], by_mapping: ['所用映射', 'Mapping used'], spells: ['告警时段', 'Spells'], window_until: ['{at} 前同组告警并入', 'Alerts of the group join until {at}'], note: ['说明', 'Summary'],
  none: ['没有未恢复的告警。', 'No alert is firing.'], none_hint: ['把监控指到本系统的告警接口后，告警会出现在这里；接法见集成手册。', 'Point your monitoring at the alert interface; the integrator’s guide shows how.'],
  none_match: ['没有符合“{q}”的告警。', 'No alert matches “{q}”.'], none_kind: ['这一类没有告警。', 'No alert of this kind.'], clear: ['清除条件', 'Clear'],
  bucket_none: ['没有待映射的告警。', 'No alert waits for a mapping.'], bucket_lead: ['映射里没有适用行的告警，未建单，在此等候。补一行映射，再重放，等候的告警就会建单或并入。', 'Alerts that no row of the mapping fits wait here without a ticket. Add a row and replay: what waits is opened or joined.'],
  map_it: ['建映射', 'Map'], replay: ['预演重放', 'Preview replay'], replay_go: ['重放 {n} 条', 'Replay {n}'], replay_lead: ['按现行规则和映射重看等候的告警：', 'Waiting alerts under today’s rules and mapping:'], replay_same: ['看了 {n} 条，结论都没有变。先补映射再重放。', 'Looked at {n}; nothing would change. Add a mapping row first.'], replay_more: ['还有更多，分批重放。', 'There are more; replay in batches.'], replayed: ['已重放：{n} 条建单或并入。', 'Replayed: {n} opened or joined.'], would: ['将由“{was}”变为“{will}”', 'would go from “{was}” to “{will}”'], applied: ['已办', 'Done'],
  map_title: ['从告警建映射', 'Map from an alert'], map_pick: ['哪些标签认得出这个系统？', 'Which labels tell the system?'], map_pick_hint: ['勾得越少，适用越广。值里可用 *。', 'Fewer labels fit more alerts. Values may contain *.'], map_fits: ['等候的告警中 {n} 条适用', '{n} of the waiting alerts fit'], map_edit: ['修改映射', 'Edit mapping row'], map_add: ['新增映射', 'Add a row'], map_save: ['保存并预演重放', 'Save and preview replay'],
  map_none: ['还没有映射。', 'The mapping is empty.'], map_none_hint: ['每一行说明：哪些标签的告警属于哪个系统、哪些省份。', 'Each row says which labels mean which system and provinces.'], match: ['匹配条件', 'Match'], retire: ['停用', 'Retired'], only: ['{who}', '{who}'], priority: ['优先次序', 'Priority'], edit: ['修改', 'Edit'],
  going_on: ['至今', 'now'], counters: ['启动以来', 'Since start'], c_opened: ['建单 {n}', '{n} opened'], c_joined: ['并入 {n}', '{n} joined'], c_suppressed: ['抑制 {n}', '{n} suppressed'], c_absorbed: ['重复吸收 {n}', '{n} repeats absorbed'], c_resolved: ['恢复 {n}', '{n} recovered'],
  truncated: ['只显示最近 {n} 条，请用查找缩小范围。', 'Only the latest {n}; narrow the search.'],
})
