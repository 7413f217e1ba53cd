import { createRouter, createWebHistory } from 'vue-router'
import { deskRoutes } from '@/features/desk/routes'
import { useSession } from './session'

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (to, from, saved) => (saved ? saved : to.path === from.path ? false : { top: 0 }),
  routes: [
    { path: '/signin', component: () => import('@/features/session/SignIn.vue'), meta: { open: true, title: 'signin.title' } },
    { path: '/first-start', component: () => import('@/features/session/FirstStart.vue'), meta: { open: true, title: 'first.title' } },
    { path: '/invitation', component: () => import('@/features/session/Invitation.vue'), meta: { open: true, title: 'invitation.title' } },
    { path: '/service-status', component: () => import('@/features/desk/PublicStatus.vue'), meta: { open: true, title: 'desk.status' } },
    { path: '/', component: () => import('@/features/workbench/Workbench.vue'), meta: { title: 'nav.workbench' } },
    { path: '/tickets', component: () => import('@/features/tickets/TicketList.vue'), meta: { title: 'nav.tickets' } },
    { path: '/new/:process', component: () => import('@/features/tickets/NewTicket.vue'), props: true, meta: { title: 'nav.new' } },
    { path: '/t/:number', component: () => import('@/features/tickets/TicketPage.vue'), props: true },
    { path: '/search', component: () => import('@/features/search/Search.vue'), meta: { title: 'search.title' } },
    { path: '/alerts', component: () => import('@/features/alerts/AlertConsole.vue'), meta: { title: 'nav.alerts' } },
    { path: '/notices', component: () => import('@/features/workbench/Notices.vue'), meta: { title: 'nav.notices' } },
    { path: '/processes', component: () => import('@/features/processes/ProcessList.vue'), meta: { title: 'nav.processes' } },
    { path: '/processes/:key', component: () => import('@/features/processes/ProcessViewer.vue'), props: true, meta: { title: 'nav.processes' } },
    { path: '/clauses', component: () => import('@/features/processes/Clauses.vue'), meta: { title: 'nav.clauses' } },
    { path: '/plans', component: () => import('@/features/plans/Plans.vue'), meta: { title: 'nav.plans' } },
    { path: '/people', component: () => import('@/features/people/People.vue'), meta: { title: 'nav.people' } },
    { path: '/parameters', component: () => import('@/features/parameters/Parameters.vue'), meta: { title: 'nav.parameters' } },
    { path: '/components', component: () => import('@/features/components/Components.vue'), meta: { title: 'parts.title' } },
    { path: '/setup', component: () => import('@/features/setup/SetUp.vue'), meta: { title: 'nav.setup' } },
    { path: '/records', component: () => import('@/features/records/Registers.vue'), meta: { title: 'nav.records' } },
    { path: '/records/:register', component: () => import('@/features/records/RecordList.vue'), props: true, meta: { title: 'nav.records' } },
    { path: '/records/:register/:id', component: () => import('@/features/records/RecordPage.vue'), props: true, meta: { title: 'nav.records' } },
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
// A page of an older build that the server no longer has: the new one is fetched whole.
router.onError((error, to) => {
  if (!/dynamically imported module|Importing a module script/i.test(String(error))) return
  let last = 0
  try { last = Number(sessionStorage.getItem('fetched anew')); sessionStorage.setItem('fetched anew', String(Date.now())) } catch { return }
  if (Date.now() - last > 20e3) location.assign(to.fullPath)
})
