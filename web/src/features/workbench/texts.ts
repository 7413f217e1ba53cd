import { words } from '@/shared/words'

words('workbench', {
  title: ['工作台', 'Workbench'], hello: ['{name}，有 {n} 件工单等您处理', '{name}, {n} tickets wait for you'], hello_none: ['{name}，目前没有等您处理的工单', '{name}, nothing waits for you now'],
  owed: ['等我处理', 'Waiting for me'], held: ['由我负责，等他人', 'Mine, waiting for others'], boards: ['我的板块', 'My boards'], watched: ['参与或关注', 'Taking part or watching'],
  owed_none: ['没有等您处理的工单。', 'Nothing waits for you.'], owed_hint: ['可以看看板块里的工单，或新建一件。', 'Look at your boards, or open a ticket.'],
  held_none: ['没有由您负责而等他人的工单。', 'None of yours waits for others.'], boards_none: ['板块里没有其他未关闭的工单。', 'Your boards have no other open tickets.'], watched_none: ['没有参与或关注的工单。在工单页点“关注”，就会列在这里。', 'None. Press “Watch” on a ticket and it stands here.'],
  all: ['看全部', 'See all'], rest: ['再看 {n} 件', 'Show {n} more'], at: ['处于“{state}”', 'Now “{state}”'], no_due: ['无时限', 'No deadline'], late: ['已超时', 'Overdue'], soon: ['一小时内到期', 'Due within the hour'], drills: ['含演练', 'With drills'],
  notices: ['未确认的通知', 'Notices to acknowledge'], notices_none: ['没有未确认的通知。', 'No notice to acknowledge.'], open_new: ['新建', 'Open a new'],
})
words('notices', {
  title: ['通知', 'Notices'], lead: ['平台发给您的提醒。需要确认的，请在时限内确认。', 'What the platform told you. Acknowledge in time what asks for it.'],
  ack: ['确认', 'Acknowledge'], acked: ['已确认', 'Acknowledged'], ack_all: ['全部确认（{n}）', 'Acknowledge all ({n})'], until: ['须确认', 'acknowledge'], open: ['未确认', 'Open'], all: ['全部', 'All'],
  none: ['没有通知。', 'No notices.'], none_open: ['没有未确认的通知。', 'Nothing to acknowledge.'], none_hint: ['工单轮到您或将超时的时候，这里会提醒。', 'You are told here when a ticket comes to you or a deadline nears.'], older: ['更早的', 'Older'], today: ['今天', 'Today'], earlier: ['此前', 'Earlier'],
})
