// Times and durations as people read them. Instants are shown in the zone of the house, whatever the browser's is.
import { onScopeDispose, ref } from 'vue'
import { clockOffset } from '@/api/client'

export const zone = 'Asia/Shanghai'
export const zoneMinutes = 8 * 60

export type Language = 'zh' | 'en'

const parts = (at: Date) => {
  const d = new Date(at.getTime() + zoneMinutes * 60e3)
  const two = (n: number) => String(n).padStart(2, '0')
  return { y: d.getUTCFullYear(), mo: two(d.getUTCMonth() + 1), d: two(d.getUTCDate()), h: two(d.getUTCHours()), mi: two(d.getUTCMinutes()), s: two(d.getUTCSeconds()), w: d.getUTCDay() }
}

export const isoDay = (at: Date) => { const p = parts(at); return `${p.y}-${p.mo}-${p.d}` }
// "2026-03-02 09:00"
export const full = (iso: string | Date) => { const p = parts(new Date(iso)); return `${p.y}-${p.mo}-${p.d} ${p.h}:${p.mi}` }
export const exact = (iso: string) => { const p = parts(new Date(iso)); return `${p.y}-${p.mo}-${p.d} ${p.h}:${p.mi}:${p.s}` }

// Today's times without the date, this year's without the year: what differs is what is read.
export function short(iso: string, language: Language, now = new Date(Date.now() + clockOffset.value)): string {
  const p = parts(new Date(iso)), n = parts(now)
  const time = `${p.h}:${p.mi}`
  if (p.y === n.y && p.mo === n.mo && p.d === n.d) return time
  const tomorrow = parts(new Date(now.getTime() + 86400e3)), yesterday = parts(new Date(now.getTime() - 86400e3))
  if (isoDay(new Date(iso)) === `${tomorrow.y}-${tomorrow.mo}-${tomorrow.d}`) return language === 'zh' ? `明天 ${time}` : `tomorrow ${time}`
  if (isoDay(new Date(iso)) === `${yesterday.y}-${yesterday.mo}-${yesterday.d}`) return language === 'zh' ? `昨天 ${time}` : `yesterday ${time}`
  return p.y === n.y ? `${p.mo}-${p.d} ${time}` : `${p.y}-${p.mo}-${p.d} ${time}`
}

// "3h59m33s752ms" -> ms; absent: null
export function milliseconds(duration: string | null | undefined): number | null {
  if (!duration) return null
  const unit: Record<string, number> = { w: 604800e3, d: 86400e3, h: 3600e3, m: 60e3, s: 1e3, ms: 1 }
  let total = 0, found = false
  for (const match of duration.matchAll(/(\d+)(ms|[wdhms])/g)) {
    total += Number(match[1]) * unit[match[2]!]!
    found = true
  }
  return found ? (duration.startsWith('-') ? -total : total) : null
}

// Two units at most; under an hour the seconds count.
export function span(ms: number, language: Language): string {
  const seconds = Math.floor(Math.abs(ms) / 1000)
  const d = Math.floor(seconds / 86400), h = Math.floor((seconds % 86400) / 3600), m = Math.floor((seconds % 3600) / 60), s = seconds % 60
  const zh = language === 'zh'
  const say = (n: number, cn: string, en: string) => (zh ? `${n} ${cn}` : `${n} ${en}`)
  if (d >= 1) return h ? `${say(d, '天', 'd')} ${say(h, '小时', 'h')}` : say(d, '天', 'd')
  if (h >= 1) return m ? `${say(h, '小时', 'h')} ${say(m, '分', 'min')}` : say(h, '小时', 'h')
  if (m >= 1) return m < 10 && s ? `${say(m, '分', 'min')} ${String(s).padStart(2, '0')} ${zh ? '秒' : 's'}` : say(m, '分', 'min')
  return say(s, '秒', 's')
}

// One ticking instant for the whole page, in ms of the server's clock.
const tick = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | null = null
export function useNow() {
  ++users
  timer ??= setInterval(() => { tick.value = Date.now() + clockOffset.value }, 1000)
  tick.value = Date.now() + clockOffset.value
  onScopeDispose(() => {
    if (--users === 0 && timer) { clearInterval(timer); timer = null }
  })
  return tick
}

// What a hurried person types for a time: "02:13", "0213", "昨天 23:10", "-40m", "3-2 9:00", "2026-03-02 09:00".
// null: not understood. `now` in ms.
export function readTime(text: string, now = Date.now() + clockOffset.value): Date | null {
  const s = text.trim().replace(/：/g, ':').replace(/[／/.年月]/g, '-').replace(/日/g, ' ')
  if (!s) return null
  if (/^(now|现在)$/i.test(s)) return new Date(Math.floor(now / 60e3) * 60e3)
  const back = s.match(/^-\s*(\d+)\s*(m|min|分|分钟|h|小时|d|天)?$/i)
  if (back) {
    const unit = /^(h|小时)$/i.test(back[2] ?? '') ? 3600e3 : /^(d|天)$/i.test(back[2] ?? '') ? 86400e3 : 60e3
    return new Date(Math.floor((now - Number(back[1]) * unit) / 60e3) * 60e3)
  }
  const clock = (h: string, m: string) => (Number(h) < 24 && Number(m) < 60 ? Number(h) * 60 + Number(m) : null)
  const at = (y: number, mo: number, d: number, minutes: number | null) => {
    if (minutes === null || mo < 1 || mo > 12 || d < 1 || d > new Date(Date.UTC(y, mo, 0)).getUTCDate()) return null
    return new Date(Date.UTC(y, mo - 1, d) + (minutes - zoneMinutes) * 60e3)
  }
  const today = parts(new Date(now))
  let match = s.match(/^(昨天|yesterday|今天|today|明天|tomorrow)?\s*(\d{1,2}):?(\d{2})$/i)
  if (match) {
    const shift = /昨天|yesterday/i.test(match[1] ?? '') ? -1 : /明天|tomorrow/i.test(match[1] ?? '') ? 1 : 0
    const day = parts(new Date(now + shift * 86400e3))
    return at(day.y, Number(day.mo), Number(day.d), clock(match[2]!, match[3]!))
  }
  match = s.match(/^(?:(\d{4})-)?(\d{1,2})-(\d{1,2})[\sT]+(\d{1,2}):(\d{2})(?::\d{2})?$/)
  if (match) return at(Number(match[1] ?? today.y), Number(match[2]), Number(match[3]), clock(match[4]!, match[5]!))
  return null
}
export const wire = (at: Date) => `${full(at).replace(' ', 'T')}:00+08:00`
