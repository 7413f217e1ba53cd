// Server-sent events: {position, topic, id} of what happened; pages fetch again under their own permissions. Many events
// in one moment are one redraw.
import { onScopeDispose, ref } from 'vue'

export type Topics = Set<string> // "ticket:INC-1", "record:system", ... and "reset": draw everything anew
type Listener = (topics: Topics) => void

export const live = ref<'off' | 'live' | 'lost'>('off')
const listeners = new Set<Listener>()
const presenceListeners = new Set<(ticket: string) => void>()
let source: EventSource | null = null
let pending: Topics = new Set()
let timer: ReturnType<typeof setTimeout> | null = null

function flush() {
  timer = null
  const topics = pending
  pending = new Set()
  for (const listener of [...listeners]) listener(topics)
}

function add(topic: string) {
  pending.add(topic)
  timer ??= setTimeout(flush, 250)
}

function hear(event: MessageEvent) {
  try {
    const data = JSON.parse(event.data)
    const topic = String(data.topic ?? '')
    add(topic.includes(':') || !data.id ? topic : `${topic}:${data.id}`)
  } catch { /* a comment or a foreign event says nothing to us */ }
}

export function connect() {
  if (source) return
  let lost = false
  source = new EventSource('/api/v1/stream')
  source.onopen = () => {
    live.value = 'live'
    if (lost) add('reset') // what was missed is fetched rather than guessed
    lost = false
  }
  source.onerror = () => {
    lost = true
    live.value = 'lost'
    if (source?.readyState === EventSource.CLOSED) {
      source = null
      setTimeout(() => { if (!source && live.value === 'lost') connect() }, 5000)
    }
  }
  source.onmessage = hear
  for (const name of ['change', 'event', 'ticket']) source.addEventListener(name, hear)
  source.addEventListener('reset', () => add('reset'))
  source.addEventListener('presence', (event) => {
    try {
      const { id } = JSON.parse(event.data)
      for (const listener of [...presenceListeners]) listener(String(id))
    } catch { /* as above */ }
  })
}

export function disconnect() {
  source?.close()
  source = null
  live.value = 'off'
}

// The people on a ticket are others now. Nothing of the ticket changed: pages that show tickets need not look again.
export function onPresence(listener: (ticket: string) => void) {
  presenceListeners.add(listener)
  onScopeDispose(() => presenceListeners.delete(listener))
}

export function onChange(listener: Listener) {
  listeners.add(listener)
  onScopeDispose(() => listeners.delete(listener))
}
