import { words } from '@/shared/words'

words('parameters', {
  title: ['参数', 'Parameters'], lead: ['规则里可由本机构取定的数值。每项注明条款和可取的范围。', 'The values in the rules that the house may set, each with its clause and its bounds.'],
  find: ['按名称、条款查找', 'Find by name or clause'], count: ['共 {n} 项', '{n} parameters'], changed: ['改过的', 'Changed'], own: ['自定', 'Own choice'], own_only: ['本机构自定的', 'Own choice'], unset: ['未定的', 'Not set'], all: ['全部', 'All'], own_hint: ['标准未规定数值，由本机构取定', 'The standard names no value; the house chooses'], given: ['标准规定', 'Set by the standard'],
  value: ['现值', 'Value'], none: ['未定', 'Not set'], initial: ['初始 {v}', 'Initially {v}'], bounds: ['可取范围', 'Bounds'], min: ['不小于 {v}', 'at least {v}'], max: ['不大于 {v}', 'at most {v}'], between: ['{a} 至 {b}', '{a} to {b}'], free: ['不限', 'Free'], approval: ['修改须经{post}批准', 'Changes need the approval of {post}'],
  change: ['修改', 'Change'], new_value: ['新值', 'New value'], why: ['原因', 'Reason'], why_must: ['请写明修改原因。', 'Give the reason.'], approved_by: ['批准人', 'Approved by'], approved_must: ['请选批准人（须任{post}，且不是您本人）。', 'Choose who approved: a holder of {post} other than yourself.'], save: ['保存', 'Save'], cancel: ['取消', 'Cancel'], reset: ['恢复初始值', 'Back to the initial value'], saved: ['已修改，即刻生效', 'Changed; in force now'],
  out_low: ['不得小于 {v}', 'May not be below {v}'], out_high: ['不得大于 {v}', 'May not be above {v}'], not_number: ['请填数字', 'Give a number'], not_duration: ['请填时长，如 30m、4h、10d', 'Give a duration such as 30m, 4h, 10d'], duration_hint: ['如 30m、4h、10d', 'such as 30m, 4h, 10d'],
  history: ['改动记录', 'Changes'], since: ['自 {at}', 'since {at}'], never: ['没有改过，用的是初始值。', 'Never changed; the initial value stands.'], by: ['由 {who} 修改', 'changed by {who}'], approved: ['{who} 批准', 'approved by {who}'],
  no_match: ['没有符合的参数。', 'No parameter matches.'], clear: ['清除条件', 'Clear'], denied: ['只读', 'Read only'], conflict: ['您打开后别人改过这个参数，已读取新值，请再看一遍。', 'Someone changed this parameter after you opened it; the new value is loaded, please look again.'],
  level_general: ['一般', 'General'], level_large: ['较大', 'Large'], level_major: ['重大', 'Major'], level_especially_major: ['特别重大', 'Especially major'],
})
