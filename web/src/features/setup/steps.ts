// The steps from an empty installation to a working one. Each fills registers; the order is that in which one needs the
// other: a board names its manager, a post its person, a system its board.
import type { Me, Register } from '@/api/shapes'

export interface Step { key: string; registers: string[] }
export const steps: Step[] = [
  { key: 'unit', registers: ['unit'] }, { key: 'person', registers: ['person'] }, { key: 'board', registers: ['board'] }, { key: 'grant', registers: ['grant'] },
  { key: 'system', registers: ['system', 'service_hours'] }, { key: 'calendar', registers: [] }, { key: 'rota', registers: ['rota'] }, { key: 'alert', registers: ['alert_mapping'] },
]
export const setUpRegisters = steps.flatMap((s) => s.registers)

export const maintains = (me: Me | null, register: Register) =>
  !!me && (me.permissions.includes('records.maintain') || me.posts.some((p) => register.maintain?.includes(p.post)))
export const maintainsAny = (me: Me | null, registers: Register[]) => registers.some((r) => setUpRegisters.includes(r.key) && maintains(me, r))
