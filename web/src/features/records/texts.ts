import { words } from '@/shared/words'

words('records', {
  title: ['登记簿', 'Registers'], lead: ['本机构登记的事实：系统、机构、岗位、合同等。流程里的规则都按这里的登记判断。', 'What the house has on record: systems, units, posts, contracts. The rules of the processes judge by it.'],
  find_register: ['找登记簿', 'Find a register'], fields_n: ['{n} 个字段', '{n} fields'], find: ['在本簿中查找', 'Search this register'],
  none: ['这本登记簿还没有记录。', 'This register is empty.'], none_hint: ['点“新增”登记第一条。', 'Add the first record.'], none_read: ['由{who}登记。', 'It is kept by {who}.'],
  no_match: ['没有符合“{q}”的记录。', 'No record matches “{q}”.'], clear: ['清除查找', 'Clear the search'],
  add: ['新增', 'Add'], edit: ['修改', 'Edit'], id: ['编号', 'Id'], id_hint: ['登记后不能改；不含“/”。', 'Cannot be changed later; without “/”.'],
  state: ['状态', 'State'], version: ['版本', 'Version'], since: ['自', 'Since'], until: ['至', 'Until'], now: ['现行', 'Current'], updated: ['生效于', 'In force since'],
  why: ['原因', 'Reason'], why_hint: ['写入日志，可不填。', 'Goes to the log; may be left empty.'],
  save: ['保存', 'Save'], cancel: ['取消', 'Cancel'], saved: ['已保存', 'Saved'], checking: ['核对中', 'Checking'], fits: ['可以保存', 'Ready to save'], open_points: ['还有 {n} 处要改', '{n} to mend'],
  must: ['必填', 'required'], history: ['历次版本', 'History'], first: ['首次登记', 'First entry'], changed: ['改动', 'Changes'], was: ['原为', 'was'], removed: ['清空', 'cleared'], by: ['由', 'by'],
  conflict: ['您打开后别人改过这条记录。', 'Someone changed this record after you opened it.'], reload: ['读取新版本，保留我填的内容', 'Load the new version, keep what I typed'],
  taken: ['已有这个编号，请另取。', 'This id exists; choose another.'], id_missing: ['请填写编号。', 'Give an id.'],
  close: ['关闭', 'Close'], readonly: ['只读', 'Read only'], back: ['返回{title}', 'Back to {title}'], count: ['共 {n} 条', '{n} records'], shown: ['显示 {n} / {all} 条', '{n} of {all} shown'], more: ['再显示 200 条', 'Show 200 more'],
  missing: ['没有这条记录。', 'There is no such record.'], empty_fields: ['未填的字段', 'Not filled'],
  word_active: ['有效', 'Active'], word_ended: ['已终止', 'Ended'], word_lifted: ['已解除', 'Lifted'], word_retired: ['停用', 'Retired'], word_candidate: ['候选', 'Candidate'], word_admitted: ['已准入', 'Admitted'],
  word_suspended: ['暂停', 'Suspended'], word_cancelled: ['已取消', 'Cancelled'], word_draft: ['草稿', 'Draft'], word_in_force: ['生效', 'In force'], word_withdrawn: ['已撤下', 'Withdrawn'], word_planned: ['计划', 'Planned'],
  word_confirmed: ['已确认', 'Confirmed'], word_released: ['已放行', 'Released'], word_in_service: ['在用', 'In service'], word_in_use: ['在用', 'In use'],
})
