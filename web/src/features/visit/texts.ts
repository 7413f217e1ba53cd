import { words } from '@/shared/words'

words('visit', {
  title: ['第一次来？', 'First time here?'], lead: ['这是演示。选一个人，一键登录，按步骤看看。', 'This is a demonstration. Choose a person, sign in with one press and follow the steps.'],
  as: ['以{who}的身份登录', 'Sign in as {who}'], other: ['用其他账户登录', 'Sign in with another account'],
  steps: ['您可以先看这几处', 'What to look at first'], hide: ['收起', 'Hide'], done: ['看过了', 'Seen'], none: ['现在没有这样的工单，换一步看。', 'There is no such ticket now; try another step.'],
  again: ['换一个人看', 'Look as somebody else'],
})
