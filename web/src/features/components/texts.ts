import { words } from '@/shared/words'

words('parts', {
  title: ['界面组件', 'Components'], lead: ['每种组件的每种状态。换主题、语言或宽度，看看是否仍然好读。', 'Every component in every state. Change theme, language or width and see whether it still reads well.'],
  colours: ['颜色', 'Colours'], ink: ['正文', 'Text'], quiet: ['次要文字', 'Quiet text'], quietest: ['说明文字', 'Quietest text'], accent: ['强调', 'Accent'], type: ['字号与断行', 'Type and breaks'],
  sample: ['核心承保系统在浙江、江苏两省出不了单；二线正在切换连接池，预计 15 分钟内恢复（见 INC-202611-00013）。', 'Core policy issuing is down in two provinces; second line is switching the connection pool and expects recovery within 15 minutes (INC-202611-00013).'],
  buttons: ['按钮', 'Buttons'], main: ['主要', 'Main'], usual: ['普通', 'Usual'], danger: ['危险', 'Dangerous'], off: ['不可用', 'Not available'], busy: ['进行中', 'Under way'], link: ['文字按钮', 'Text button'], chip: ['选项', 'Choice'], chosen: ['已选', 'Chosen'],
  states: ['状态与时限', 'States and deadlines'], plain: ['普通', 'Plain'], info: ['信息', 'Information'], ok: ['正常', 'Good'], warn: ['注意', 'Attention'], bad: ['严重', 'Serious'], solid: ['实底', 'Solid'],
  inputs: ['输入', 'Inputs'], empty: ['未填', 'Empty'], filled: ['已填', 'Filled'], wrong: ['有错', 'Wrong'], must_be: ['请写明原因。', 'Give the reason.'], help: ['写一句话，说明影响了谁、从何时起。', 'One sentence on who is affected and since when.'],
  kind_string: ['短文本', 'Short text'], kind_text: ['长文本', 'Long text'], kind_int: ['数', 'Number'], kind_bool: ['是否', 'Yes or no'], kind_choice: ['单选（少）', 'Choice of few'], kind_many: ['单选（多）', 'Choice of many'], kind_timestamp: ['时间', 'Time'], kind_interval: ['时段', 'Period'], kind_date: ['日期', 'Date'], kind_duration: ['时长', 'Duration'], kind_person: ['人员', 'Person'], kind_list: ['多选', 'Several'], kind_table: ['表', 'Table'],
  values: ['显示', 'Values'], messages: ['提示与出错', 'Messages'], none: ['这里还没有内容', 'There is nothing here yet'], none_hint: ['建一条，或换个条件。', 'Make one, or change the filter.'], make: ['新建', 'Make one'], refused: ['须先确认恢复时间。', 'Confirm the time of recovery first.'], lost: ['服务器出错', 'The server failed'], waiting: ['正在读取', 'Loading'],
  layers: ['浮层', 'Layers'], dialog: ['对话框', 'Dialog'], drawer: ['侧栏', 'Drawer'], tip: ['提示', 'Tip'], said: ['已保存。', 'Saved.'], say: ['短消息', 'Message'], table: ['表格', 'Table'], who: ['人员', 'Who'], when: ['时间', 'When'], state: ['状态', 'State'], close: ['关闭', 'Close'], word: ['选项', 'Option'],
})
