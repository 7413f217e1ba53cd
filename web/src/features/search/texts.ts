import { words } from '@/shared/words'

words('search', {
  title: ['全文查找', 'Search'], lead: ['在标题、正文、处置记录和评论里找；多个词用空格隔开，须同时出现。', 'In titles, texts, logs and comments; several words must all be there.'],
  ask: ['要找的词', 'What to find'], newest: ['最近的在前', 'Newest first'], best: ['最相关的在前', 'Best first'],
  none: ['没有找到含“{text}”的工单。', 'No ticket holds “{text}”.'], none_hint: ['少写几个字，或换一个说法；只在您可见的工单里找。', 'Fewer or other words may help; only tickets that you may see are searched.'],
  more: ['再找一些', 'More'], behind: ['还有 {n} 条最新变动未收入，稍后自动收入。', '{n} latest changes are not in it yet; they come by themselves.'],
  anywhere: ['在正文和评论里找“{text}”', 'Find “{text}” in texts and comments'],
})
