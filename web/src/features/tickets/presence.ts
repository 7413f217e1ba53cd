// Who else is on a ticket. The page says every 20 s what its person does there, while it is looked at, and hears from
// the stream when others come or go. A courtesy: whatever fails of it is not told, and what is old is not shown.
import { computed, onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { aside, newKey } from '@/api/client'
import type { Page, Present } from '@/api/shapes'
import { onChange, onPresence } from '@/api/stream'

const path = '/api/v1/tickets/{number}/presence'
const every = 20_000, lapse = 45_000
const farewell = 1_500 // who reloads the page is away for a moment, and not gone

// `now` without `me`, in the order that `shown` has already, so that nobody moves under the pointer. Who is no longer
// among them stays until he is missed for a while; `missed` says since when.
export function settled(shown: Present[], now: Present[], me: string, missed: Map<string, number>, at: number): { people: Present[]; wait: boolean } {
  const others = new Map(now.filter((p) => p.person !== me).map((p) => [p.person, p]))
  const people: Present[] = []
  let wait = false
  for (const p of shown) {
    const still = others.get(p.person)
    if (still) { people.push(still); others.delete(p.person); missed.delete(p.person); continue }
    const since = missed.get(p.person) ?? at
    if (at - since >= farewell) { missed.delete(p.person); continue }
    missed.set(p.person, since)
    people.push(p)
    wait = true
  }
  return { people: [...people, ...others.values()], wait }
}

// Two letters at most: of a Chinese name its end, as people there call each other; of others the initials.
export function initials(name: string): string {
  const text = name.trim()
  if (/\p{Script=Han}/u.test(text)) return [...text.replace(/\s+/g, '')].slice(-2).join('')
  const words = text.split(/\s+/).filter(Boolean)
  return [words[0], words.length > 1 ? words[words.length - 1] : ''].map((w) => [...(w ?? '')][0] ?? '').join('').toUpperCase()
}

// What is being filled in by whom: [step, its people], steps in the order in which they were begun.
export function editing(others: Present[]): [string, Present[]][] {
  const steps = new Map<string, Present[]>()
  for (const p of others.filter((x) => x.doing === 'edit').sort((a, b) => a.since.localeCompare(b.since))) steps.set(p.action ?? '', [...(steps.get(p.action ?? '') ?? []), p])
  return [...steps]
}

// `action`: the step whose form is open here. `ready`: the ticket is there to be read.
export function usePresence(number: string, me: string, action: () => string | null, ready: () => boolean) {
  const others = ref<Present[]>([])
  const tab = newKey(), missed = new Map<string, number>()
  let latest: Present[] = [], heard = 0, turn = 0, taken = 0
  let away = false, under: Promise<void> | null = null, again = false
  let timer: ReturnType<typeof setInterval> | undefined, parting: ReturnType<typeof setTimeout> | undefined, reading: ReturnType<typeof setTimeout> | undefined
  const watched = () => ready() && !away && document.visibilityState === 'visible'

  function show() {
    clearTimeout(parting)
    const { people, wait } = settled(others.value, latest, me, missed, Date.now())
    others.value = people
    if (wait) parting = setTimeout(show, farewell)
  }
  function take(mine: number, page: Page<Present> | null) {
    if (!page || mine < taken || away) return
    taken = mine
    heard = Date.now()
    latest = page.items
    show()
  }
  const say = (doing: 'view' | 'edit' | 'gone', last = false) => {
    const step = doing === 'edit' ? action() : null
    return aside<Page<Present>, typeof path>(path, { number }, { doing, tab, ...(step ? { action: step } : {}) }, last)
  }
  // One at a time, so that what was said last is also what arrives last.
  function beat() {
    if (!watched()) return
    if (under) { again = true; return }
    const mine = ++turn
    under = say(action() === null ? 'view' : 'edit').then((page) => {
      take(mine, page)
      under = null
      if (again) { again = false; beat() }
    })
  }
  function look() {
    if (!watched()) return
    clearTimeout(reading)
    reading = setTimeout(() => { const mine = ++turn; void aside<Page<Present>, typeof path>(path, { number }).then((page) => take(mine, page)) }, 100)
  }
  function leave() {
    away = true
    void say('gone', true)
  }
  function turnBack() {
    if (document.visibilityState === 'visible') beat()
  }
  function comeBack() {
    away = false
    beat()
  }

  watch(ready, beat, { immediate: true })
  watch(action, beat)
  onPresence((ticket) => { if (ticket === number) look() })
  onChange((topics) => { if (topics.has('reset')) beat() })
  onMounted(() => {
    timer = setInterval(() => {
      if (watched() && Date.now() - heard > lapse) { latest = []; show() }
      beat()
    }, every)
    document.addEventListener('visibilitychange', turnBack)
    window.addEventListener('pagehide', leave)
    window.addEventListener('pageshow', comeBack)
  })
  onBeforeUnmount(() => {
    clearInterval(timer); clearTimeout(parting); clearTimeout(reading)
    document.removeEventListener('visibilitychange', turnBack)
    window.removeEventListener('pagehide', leave)
    window.removeEventListener('pageshow', comeBack)
    // A beat that is under way must not arrive after the farewell.
    again = false
    if (under) void under.then(leave)
    else if (ready()) leave()
    away = true
  })
  return { others: computed(() => others.value) }
}
