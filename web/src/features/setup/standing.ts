// What stands of each step and what is missing. Missing is what the rules will ask for later, when it is late to ask.
import type { Record_ } from '@/api/shapes'
import type { Calendar, Post } from './names'
import type { Said } from './values'

export interface Loaded { records: Map<string, Record_[]>; posts: Post[]; calendars: Calendar[] }
// Hints are worth a look and leave the step complete.
export interface Standing { count: number; gaps: Said[]; hints: Said[] }

const filled = (v: unknown) => v !== undefined && v !== null && v !== ''
const current = (r: Record_, from: string, to: string, now: number) =>
  (!filled(r.fields[from]) || Date.parse(String(r.fields[from])) <= now) && (!filled(r.fields[to]) || Date.parse(String(r.fields[to])) > now)

export function standing(step: string, loaded: Loaded, now: number, language: 'zh' | 'en'): Standing {
  const of = (register: string) => loaded.records.get(register) ?? []
  const name = (r: Record_) => String(r.fields.name ?? r.id)
  const gaps: Said[] = [], hints: Said[] = []
  const some = (names: string[]) => { const shown = names.slice(0, 6).join(language === 'zh' ? '、' : ', '); return names.length > 6 ? `${shown}…` : shown }
  const gap = (key: string, names: string[], into = gaps) => { if (names.length) into.push({ key: 'setup.gap_' + key, values: { n: names.length, names: some(names) } }) }
  const none = (key: string) => gaps.push({ key: 'setup.gap_' + key, values: {} })

  switch (step) {
    case 'unit': {
      const units = of('unit')
      if (!units.length) none('no_unit')
      gap('head', units.filter((u) => !filled(u.fields.head)).map(name))
      return { count: units.length, gaps, hints }
    }
    case 'person': {
      const people = of('person').filter((p) => p.fields.enabled !== false)
      if (people.length < 2) none('no_person')
      else gap('no_unit_of', people.filter((p) => !filled(p.fields.unit)).map(name))
      return { count: people.length, gaps, hints }
    }
    case 'board': {
      const boards = of('board')
      if (!boards.length) none('no_board')
      return { count: boards.length, gaps, hints }
    }
    case 'grant': {
      const grants = of('grant').filter((g) => current(g, 'from', 'until', now))
      const holders = new Set(grants.map((g) => g.fields.person)), held = new Set(grants.map((g) => g.fields.post))
      gap('no_post', of('person').filter((p) => p.fields.enabled !== false && !holders.has(p.id)).map(name))
      gap('nobody', loaded.posts.filter((p) => !held.has(p.code)).map((p) => p[language]), hints)
      return { count: grants.length, gaps, hints }
    }
    case 'system': {
      const systems = of('system')
      const used = systems.filter((s) => s.state !== 'retired')
      if (!systems.length) none('no_system')
      gap('importance', used.filter((s) => typeof s.fields.important !== 'boolean').map(name))
      gap('hours', used.filter((s) => !filled(s.fields.calendar)).map(name))
      gap('planned', used.filter((s) => s.state === 'planned').map(name))
      return { count: systems.length, gaps, hints }
    }
    case 'calendar': {
      for (const c of short(loaded.calendars, now)) gaps.push({ key: 'setup.gap_holidays', values: { day: c.known_until!, name: c.holidays?.[language] ?? c[language], year: nextYear(now) } })
      return { count: loaded.calendars.length, gaps, hints }
    }
    case 'rota': {
      const rota = of('rota')
      const lines = of('board').flatMap((b) => [1, 2].map((line) => ({ b, line })))
      const free = lines.filter(({ b, line }) => !rota.some((r) => r.fields.board === b.id && r.fields.line === line && current(r, 'start', 'end', now)))
      if (!rota.length) none('no_rota')
      else gap('uncovered', free.map(({ b, line }) => `${name(b)} ${line}`))
      return { count: rota.length, gaps, hints }
    }
    default: {
      const mappings = of('alert_mapping').filter((m) => m.state !== 'retired')
      const systems = new Set(of('system').map((s) => s.id))
      if (!mappings.length) none('no_alert')
      gap('lost_alert', mappings.filter((m) => !String(m.fields.system).includes('{') && !systems.has(String(m.fields.system))).map((m) => m.id))
      return { count: mappings.length, gaps, hints }
    }
  }
}

export const nextYear = (now: number) => new Date(now + 8 * 3600e3).getUTCFullYear() + 1
// Deadlines of next year rest on days that nobody has announced yet.
export const short = (calendars: Calendar[], now: number) => {
  const tables = new Set<string>()
  return calendars.filter((c) => {
    if (!c.known_until || c.known_until >= `${nextYear(now)}-12-31` || tables.has(c.holidays?.zh ?? c.key)) return false
    tables.add(c.holidays?.zh ?? c.key)
    return true
  })
}
