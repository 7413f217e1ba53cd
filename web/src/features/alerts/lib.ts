import { get } from '@/api/client'
import type { Page, Text } from '@/api/shapes'

export interface Spell { from: string; to?: string }
export interface Seen {
  fingerprint: string; name: string; source: string; labels: Record<string, string>; annotations: Record<string, string>; active: boolean
  starts_at: string; ends_at?: string; alive_until: string; last_seen: string; count: number; group: string; outcome: string; ticket: string
  rule: string | null; reason: Text; intervals: Spell[]; url?: string; mapping?: string; system?: string; board?: string; provinces?: string[]
}
export interface GroupRow { key: string; group: string; rule: string; title: Text; opened_at: string; open_until: string; recovered: boolean; service_down: boolean; ticket: string; active: number; total: number }
export interface Counters { opened: number; joined: number; suppressed: number; absorbed: number; resolved: number; unmapped: number; active: number }
export interface Difference { fingerprint: string; name: string; was: string; would_be: string; applied: boolean; ticket: string; system: string; reason: Text; active: boolean; provinces: string[] }
export interface Replay { differences: Difference[]; looked_at: number; more: boolean }
interface Answer extends Page<Seen> { groups?: GroupRow[]; counters: Counters }

export const most = 1000

export async function fetchAlerts(): Promise<{ alerts: Seen[]; groups: GroupRow[]; counters: Counters; more: boolean }> {
  const alerts: Seen[] = []
  let groups: GroupRow[] = []
  for (let cursor: string | null = null; ;) {
    const page: Answer = await get<Answer>('/api/v1/alerts', {}, { active: true, limit: 200, cursor })
    alerts.push(...page.items)
    groups = page.groups ?? groups
    cursor = page.next_cursor
    if (!cursor || alerts.length >= most) return { alerts, groups, counters: page.counters, more: !!cursor }
  }
}

// Labels that name the alert rather than what it is about never come first.
export const tellingLabels = (labels: Record<string, string>) =>
  Object.entries(labels).filter(([k]) => !['alertname', 'severity', '__name__'].includes(k)).sort(([a], [b]) => a.localeCompare(b))

export const matchText = (labels: Record<string, string>) =>
  Object.entries(labels).map(([k, v]) => `${k}=${/[,|"\s]/.test(v) ? `"${v.replace(/"/g, '\\"')}"` : v}`).join(',')

const glob = (pattern: string) => new RegExp('^' + pattern.split('*').map((p) => p.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*') + '$')
export const fits = (wanted: Record<string, string>, labels: Record<string, string>) =>
  Object.entries(wanted).every(([k, v]) => glob(v).test(labels[k] ?? ''))
