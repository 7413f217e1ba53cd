import type { Clock } from '@/api/shapes'
// What runs and is due first, first; what is done or withdrawn last.
export function order(clocks: Clock[]): Clock[] {
  const rank = (c: Clock) => (c.withdrawn ? 3 : c.stopped_at ? 2 : c.armed ? 0 : 1)
  return clocks.filter((c) => c.armed || c.withdrawn || c.stopped_at).sort((a, b) => rank(a) - rank(b) || Date.parse(a.due ?? '9999-01-01') - Date.parse(b.due ?? '9999-01-01'))
}
