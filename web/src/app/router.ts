import { createRouter, createWebHistory } from 'vue-router'
import { deskRoutes } from '@/features/desk/routes'
import { useSession } from './session'

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, from, saved) => (saved ? saved : to.path === from.path ? false : { top: 0 }),
  routes: [
    { path: '/signin', component: () => import('@/features/session/SignIn.vue'), meta: { open: true } },
    { path: '/first-start', component: () => import('@/features/session/FirstStart.vue'), meta: { open: true } },
    { path: '/invitation', component: () => import('@/features/session/Invitation.vue'), meta: { open: true } },
    { path: '/', component: () => import('@/features/workbench/Workbench.vue'), meta: { title: 'nav.workbench' } },
    { path: '/tickets', component: () => import('@/features/tickets/TicketList.vue'), meta: { title: 'nav.tickets' } },
    { path: '/new/:process', component: () => import('@/features/tickets/NewTicket.vue'), props: true, meta: { title: 'nav.new' } },
    { path: '/t/:number', component: () => import('@/features/tickets/TicketPage.vue'), props: true },
    { path: '/alerts', component: () => import('@/features/alerts/AlertConsole.vue'), meta: { title: 'nav.alerts' } },
    { path: '/notices', component: () => import('@/features/notices/Notices.vue'), meta: { title: 'nav.notices' } },
    { path: '/processes', component: () => import('@/features/processes/ProcessList.vue'), meta: { title: 'nav.processes' } },
    { path: '/processes/:key', component: () => import('@/features/processes/ProcessViewer.vue'), props: true, meta: { title: 'nav.processes' } },
    { path: '/clauses', component: () => import('@/features/processes/Clauses.vue'), meta: { title: 'nav.clauses' } },
    { path: '/plans', component: () => import('@/features/plans/Plans.vue'), meta: { title: 'nav.plans' } },
    { path: '/records', component: () => import('@/features/records/Registers.vue'), meta: { title: 'nav.records' } },
    { path: '/records/:register', component: () => import('@/features/records/RecordList.vue'), props: true, meta: { title: 'nav.records' } },
    { path: '/records/:register/:id', component: () => import('@/features/records/RecordPage.vue'), props: true, meta: { title: 'nav.records' } },
    { path: '/people', component: () => import('@/features/people/People.vue'), meta: { title: 'nav.people' } },
    { path: '/parameters', component: () => import('@/features/parameters/Parameters.vue'), meta: { title: 'nav.parameters' } },
    ...deskRoutes,
    { path: '/:rest(.*)*', component: () => import('@/app/Missing.vue') },
  ],
})

router.beforeEach(async (to) => {
  if (to.meta.open) return true
  const session = useSession()
  if (!session.known) await session.load().catch(() => undefined)
  if (!session.me) return { path: '/signin', query: to.fullPath === '/' ? {} : { then: to.fullPath } }
  return true
})
