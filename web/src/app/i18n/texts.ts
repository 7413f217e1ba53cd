// Texts that every page needs: key -> [Chinese, English]. A feature brings its own (shared/words.ts).
type Pair = [string, string]
export const texts: Record<string, Pair | Record<string, Pair>> = {
  brand: ['安澜', 'Anlan'], brand_line: ['保险机构 IT 服务管理', 'IT service management for insurers'],
  colon: ['：', ': '], yes: ['是', 'Yes'], no: ['否', 'No'], name: ['姓名', 'Name'], from: ['自', 'from'], to: ['至', 'to'],
  must: ['必填', 'required'], help_of: ['{name}：怎么填', '{name}: what to put in'],
  choose: ['请选择', 'Choose'], type_and_enter: ['输入后按回车', 'Type and press Enter'], add_row: ['加一行', 'Add a row'], remove: ['删除', 'Remove'], row_n: ['第 {n} 行', 'Row {n}'],
  draft: ['草案', 'Draft'], drill: ['演练', 'Drill'], clause: ['条款 {clause}', 'clause {clause}'], line_n: ['{n} 线', 'line {n}'],
  ticket_by: ['编号或标题', 'Number or words of the title'], nothing_found: ['没有找到。', 'Nothing found.'], nothing_yet: ['还没有可选的内容。', 'Nothing to choose from yet.'],
  cancel: ['取消', 'Cancel'], close: ['关闭', 'Close'], retry: ['再试一次', 'Try again'], loading: ['正在读取', 'Loading'],
  nav: {
    workbench: ['工作台', 'Workbench'], tickets: ['工单', 'Tickets'], alerts: ['告警', 'Alerts'], notices: ['通知', 'Notices'], processes: ['流程', 'Processes'],
    plans: ['计划与义务', 'Plans'], clauses: ['条款', 'Clauses'], records: ['登记簿', 'Registers'], people: ['人员与岗位', 'People'], parameters: ['参数', 'Parameters'], setup: ['启用向导', 'Set-up'],
    new: ['新建', 'New'], printed: ['{who} 打印于 {at}', 'Printed by {who}, {at}'], skip: ['跳到正文', 'Skip to the content'], menu: ['菜单', 'Menu'], fold: ['收起或展开导航', 'Fold or unfold the navigation'], main: ['主导航', 'Main'],
    account: ['账户', 'Account'], light: ['浅色', 'Light'], dark: ['深色', 'Dark'], lost: ['连接中断，正在重连', 'Connection lost, trying again'],
  },
  keys: {
    title: ['快捷键', 'Keyboard shortcuts'], palette: ['到任何地方', 'Go anywhere'], search: ['查找', 'Search'], move: ['下一条、上一条', 'Next, previous'], open: ['打开', 'Open'],
    mark: ['选中', 'Mark'], back: ['返回列表', 'Back to the list'], act: ['办理', 'Act'], comment: ['评论', 'Comment'],
  },
  palette: { ask: ['输入编号、标题、页面、系统或人名', 'Number, title, page, system or person'], ticket: ['工单', 'Ticket'], page: ['页面', 'Page'], system: ['系统', 'System'], person: ['人员', 'Person'] },
  error: {
    offline: ['连不上服务器。填写的内容还在，网络恢复后再试。', 'The server cannot be reached. What you typed is kept; try again when the network is back.'],
    missing: ['没有这项内容，或者您无权查看。', 'There is nothing here, or you may not see it.'],
    forbidden: ['您没有这项权限。', 'You may not do this.'], slow: ['操作太频繁，请稍候再试。', 'Too many requests; wait a moment.'],
    server: ['服务器出错，操作没有完成。请再试；仍不行时联系管理员。', 'The server failed and nothing was done. Try again; if it stays, tell an administrator.'],
    no_page: ['没有这个页面。', 'There is no such page.'], load: ['页面读取失败。', 'The page could not be loaded.'],
  },
  export: {
    button: ['导出 Excel', 'Export to Excel'], title: ['导出 Excel', 'Export to Excel'], taken: ['已取 {n} 条', '{n} rows taken'], writing: ['共 {n} 条，正在写文件', 'Writing {n} rows'], stop: ['停止', 'Stop'],
    cut: ['只含前 {n} 条。', 'Only the first {n} rows.'], narrow: ['其余请按时间、系统或状态缩小范围后分次导出。', 'Narrow by time, system or state and export the rest in parts.'],
    about: ['说明', 'About'], what: ['项目', 'What'], value: ['内容', 'Value'], rows: ['条数', 'Rows'], at: ['导出时间', 'Exported at'], by: ['导出人', 'By'], note: ['注意', 'Note'], query: ['查询', 'Query'], sort: ['排序', 'Sort'], register: ['登记簿', 'Register'],
  },
  signin: {
    title: ['登录', 'Sign in'], login: ['登录名', 'Login'], password: ['密码', 'Password'], go: ['登录', 'Sign in'], out: ['退出登录', 'Sign out'],
    status: ['只看系统运行状况，不用登录', 'Service status, without a login'], wrong: ['登录名或密码不对。', 'The login or the password is wrong.'], help: ['没有账户或忘了密码？请管理员发一个邀请链接。', 'No account, or password forgotten? Ask an administrator for an invitation link.'],
    again: ['请重新登录', 'Sign in again'], expired: ['登录已到期。页面上填写的内容都还在，登录后接着办理。', 'Your session has ended. What you typed is kept; go on after signing in.'],
  },
  first: {
    title: ['首次启动', 'First start'], lead: ['建立第一位管理员。', 'Create the first administrator.'], password: ['至少 12 个字符。', 'At least 12 characters.'], go: ['建立并登录', 'Create and sign in'],
    no_token: ['请用服务器首次启动时显示的完整链接打开本页。', 'Open this page with the whole link that the server showed when it first started.'],
  },
  invitation: {
    title: ['设置密码', 'Choose a password'], lead: ['接受邀请后即可登录。', 'Accept the invitation and sign in.'], password: ['新密码', 'New password'], repeat: ['再输一次', 'Once more'], differs: ['两次输入不一样。', 'The two differ.'], go: ['保存并登录', 'Save and sign in'],
    no_token: ['链接不完整。请从邀请中重新打开完整链接。', 'The link is incomplete. Open the whole link of the invitation again.'],
  },
  time: { placeholder: ['如 02:13、昨天 23:10、-40m', 'e.g. 02:13, yesterday 23:10, -40m'], now: ['现在', 'now'], bad: ['看不懂这个时间。可写 02:13、昨天 23:10、-40m 或 2026-03-02 09:00。', 'This time is not understood. Write 02:13, yesterday 23:10, -40m or 2026-03-02 09:00.'] },
  clock: { left: ['剩 {span}', '{span} left'], over: ['超 {span}', '{span} over'] },
}
