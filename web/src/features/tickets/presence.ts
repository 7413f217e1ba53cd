// Who else looks at a ticket or fills in a step of it. The page says what it does every 20 seconds while it is in sight and
// once when it goes; the server forgets it after 45.
import { computed, onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { get, post } from '@/api/client'
import type { Page, Text } from '@/api/shapes'
import { onChange } from '@/api/stream'
import { useSession } from '@/app/session'

export interface Someone { person: string; name: Text | string; doing: 'view' | 'edit'; action: string | null; since: string }
const path = '/api/v1/tickets/{number}/presence'

export function usePresence(number: string, editing: () => string | null) {
  const session = useSession()
  const tab = Array.from(crypto.getRandomValues(new Uint8Array(9)), (x) => x.toString(16).padStart(2, '0')).join('')
  const all = ref<Someone[]>([])
  const others = computed(() => all.value.filter((x) => x.person !== session.me?.id))
  const take = (page: Page<Someone> | null) => { if (page) all.value = page.items }
  let away = false
  async function beat() {
    if (document.hidden || away || !session.me) return
    const action = editing()
    take(await post<Page<Someone>, typeof path>(path, action ? { doing: 'edit', action, tab } : { doing: 'view', tab }, { number }).catch(() => null))
  }
  // A page that closes may still send; the browser carries it out by itself.
  function leave() {
    if (away) return
    away = true
    void fetch(`/api/v1/tickets/${encodeURIComponent(number)}/presence`, { method: 'POST', keepalive: true, credentials: 'same-origin', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ doing: 'gone', tab }) }).catch(() => undefined)
  }
  const seen = () => { if (document.hidden) leave(); else { away = false; void beat() } }
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    void beat()
    timer = setInterval(() => void beat(), 20_000)
    document.addEventListener('visibilitychange', seen)
    window.addEventListener('pagehide', leave)
  })
  onBeforeUnmount(() => {
    clearInterval(timer)
    document.removeEventListener('visibilitychange', seen)
    window.removeEventListener('pagehide', leave)
    leave()
  })
  watch(editing, () => void beat())
  onChange((topics) => { if (topics.has('presence:' + number)) void get<Page<Someone>>(path, { number }).then(take).catch(() => undefined) })
  return { others }
}
