// "process incident / action confirm / guard scope_missing" in the words of the definitions, with the page it stands on.
import { processNow } from '@/api/master'
import type { Register, Text } from '@/api/shapes'

export interface Carrier { text: string; to: string | null }
type Names = { registers: Register[]; parameters: Map<string, Text>; plans: Map<string, Text> }

export function nameCarriers(paths: string[], names: Names, tx: (text: Text | undefined, fallback?: string) => string, t: (key: string) => string): Carrier[] {
  const out = new Map<string, Carrier>()
  for (const path of paths) {
    const parts = path.split(' / ').map((p) => { const at = p.indexOf(' '); return at < 0 ? [p, ''] as const : [p.slice(0, at), p.slice(at + 1)] as const })
    const [kind, key] = parts[0]!
    const second = parts[1]
    let words: string[] = [], to: string | null = null
    if (kind === 'process') {
      const p = processNow(key)
      if (!p) { out.set('…', { text: '…', to: null }); continue }
      words = [tx(p.title)]
      to = `/processes/${key}`
      if (second) {
        const [what, name] = second
        const lists: Record<string, [readonly (Text & { key: string })[], string]> = { action: [p.actions, 'actions'], field: [p.fields, 'fields'], role: [p.roles, 'roles'], state: [p.states, 'diagram'], clock: [p.clocks, 'clocks'], decision: [p.fields.filter((f) => f.decided_by), 'rules'], task: [p.tasks, 'actions'], link: [p.links, 'actions'] }
        const found = lists[what]
        if (found) {
          const one = found[0].find((x) => x.key === name) ?? p.fields.find((x) => x.key === name)
          words.push(t('processes.c_' + what) + (one ? `“${tx(one)}”` : ''))
          to = `/processes/${key}?tab=${found[1]}`
        } else words.push(t(what === 'reaction' ? 'processes.c_reaction' : what === 'stopwatch' ? 'processes.c_stopwatch' : 'processes.c_other'))
      }
    } else if (kind === 'record') {
      const r = names.registers.find((x) => x.key === key)
      words = [r ? tx(r) : t('processes.c_register')]
      const field = second?.[0] === 'field' ? r?.fields.find((f) => f.key === second[1]) : undefined
      if (field) words.push(t('processes.c_field') + `“${tx(field)}”`)
      else if (second?.[0] === 'guard') words.push(t('processes.c_guard'))
      to = `/records/${key}`
    } else if (kind === 'parameter') { words = [t('processes.c_parameter'), tx(names.parameters.get(key))].filter(Boolean); to = '/parameters?q=' + encodeURIComponent(tx(names.parameters.get(key))) }
    else if (kind === 'plan') { words = [t('processes.c_plan'), tx(names.plans.get(key))].filter(Boolean); to = '/plans' }
    else if (kind === 'incompatible') { words = [t('processes.c_posts')]; to = '/people' }
    else words = [t(kind === 'measure' ? 'processes.c_measure' : kind === 'report' ? 'processes.c_report' : 'processes.c_other')]
    const text = words.join(' · ')
    if (!out.has(text)) out.set(text, { text, to })
  }
  return [...out.values()]
}
