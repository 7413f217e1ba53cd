// As whom to look at the demonstration and what to try there; nothing of it exists elsewhere.
import { get } from '@/api/client'
import type { Text } from '@/api/shapes'

export interface Step extends Text { go?: string; find?: string }
export interface Visit { login: string; who: Text; lead: Text; steps: Step[] }
export interface Demo { password?: string; visits: Visit[] }

let asked: Promise<Demo | null> | null = null
export const demo = () => (asked ??= get<Demo>('/api/v1/demo').catch(() => null))

// Which steps this browser has seen, by login.
const key = (login: string) => `visit ${login}`
export function seen(login: string): Set<string> {
  try { return new Set(JSON.parse(localStorage.getItem(key(login)) ?? '[]') as string[]) } catch { return new Set() }
}
export function remember(login: string, steps: Set<string>) {
  try { localStorage.setItem(key(login), JSON.stringify([...steps])) } catch { /* a locked-down browser: asked again next time */ }
}
