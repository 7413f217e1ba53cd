import { words } from '@/shared/words'

words('plans', {
  title: ['计划与义务', 'Plans and obligations'], lead: ['按周期必须做的事：欠在谁、何时到期、是否已完成。', 'What must be done again and again: by whom, until when, and whether it was.'],
  overdue: ['已逾期', 'Overdue'], due_soon: ['将到期', 'Due soon'], pending: ['未到期', 'Not due yet'], met: ['已完成', 'Met'], all: ['全部', 'All'],
  none: ['还没有计划。', 'There is no plan.'], none_hint: ['计划写在定义文件里：哪个流程、对谁、多久一次。', 'Plans are written as definition files: which process, for whom, how often.'], none_state: ['没有这一类义务。', 'No obligation stands like this.'], clear: ['看全部', 'Show all'],
  of: ['对象', 'For'], house: ['全机构', 'The whole house'], every: ['周期', 'Every'], within: ['期限', 'Within'], by: ['以此完成', 'Satisfied by'], warn: ['提前提醒', 'Warned'], start: ['发起{title}', 'Start: {title}'], members: ['{n} 项义务', '{n} obligations'], nobody: ['目前没有对象。', 'Nothing falls under this plan now.'],
  due: ['到期', 'Due'], last: ['上次完成', 'Last met'], never: ['从未', 'Never'], period: ['本期', 'Period'], state: ['状态', 'State'], ticket: ['工单', 'Ticket'], since: ['自', 'Since'], member: ['对象', 'For'], late: ['超 {span}', '{span} over'], left: ['剩 {span}', '{span} left'], until: ['有效至 {at}', 'Good until {at}'],
  w_calendar_year: ['自然年', 'Calendar year'], w_calendar_quarter: ['自然季', 'Calendar quarter'], w_calendar_month: ['自然月', 'Calendar month'], w_half_year: ['半年', 'Half-year'], w_rolling: ['滚动', 'Rolling'], months: ['每 {n} 个月', 'Every {n} months'], draft: ['草案', 'Draft'],
  r_yearly: ['每年', 'Yearly'], r_monthly: ['每月', 'Monthly'], r_weekly: ['每周', 'Weekly'], r_daily: ['每日', 'Daily'], r_every: ['每 {n} {unit}', 'Every {n} {unit}'], u_yearly: ['年', 'years'], u_monthly: ['个月', 'months'], u_weekly: ['周', 'weeks'], u_daily: ['日', 'days'], show: ['查看', 'Show'],
})
