import type { RouteRecordRaw } from 'vue-router'
import './texts'

export const deskRoutes: RouteRecordRaw[] = [
  { path: '/desk', component: () => import('./Desk.vue'), meta: { title: 'desk.title' } },
  { path: '/status', component: () => import('./Status.vue'), meta: { title: 'desk.status' } },
]
