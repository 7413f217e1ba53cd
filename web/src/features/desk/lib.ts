import { get } from '@/api/client'
import { loadOptions, nameNow, processNow } from '@/api/master'
import type { Page, Record_, Text, Ticket, TicketRow } from '@/api/shapes'
import { short, type Language } from '@/shared/time'

type Say = (key: string, values?: Record<string, unknown>) => string
type Tx = (text: Partial<Text> | string | null | undefined, fallback?: string) => string

export async function openIncidents(): Promise<Ticket[]> {
  void loadOptions('system').catch(() => undefined)
  const rows = (await get<Page<TicketRow>>('/api/v1/tickets', {}, { q: 'state:open process:incident', limit: 50 })).items
  // A list holds only what is indexed; provinces and calls stand on the ticket.
  const full = await Promise.all(rows.slice(0, 30).map((r) => get<Ticket>('/api/v1/tickets/{number}', { number: r.number }).catch(() => null)))
  return full.filter((x): x is Ticket => !!x && x.open && !x.drill)
}

export const calls = (ticket: Ticket) => (Array.isArray(ticket.fields.reports) ? ticket.fields.reports.length : 0)
export const provincesOf = (ticket: Ticket) => ((ticket.fields.down_provinces as string[] | undefined)?.length ? (ticket.fields.down_provinces as string[]) : ((ticket.fields.provinces as string[] | undefined) ?? []))

// One sentence that a branch understands; made of facts of the ticket only.
export function sentence(ticket: Ticket, t: Say, tx: Tx, list: (items: string[]) => string, language: Language): string {
  const f = ticket.fields
  const system = f.system ? tx(nameNow('system', String(f.system)), String(f.system)) : t('desk.no_system')
  const effect = processNow('incident')?.fields.find((x) => x.key === 'effect')?.type.words?.find((w) => w.word === f.effect)
  const where = provincesOf(ticket)
  const what = (effect && tx(effect)) || ticket.title
  const since = short(String(f.down_from ?? f.occurred_at ?? ticket.opened_at), language)
  const parts = [t(where.length ? 'desk.s_line' : 'desk.s_line_all', { system, what, where: list(where), since, state: tx(ticket.state_title) })]
  if (f.temporary_measure) parts.push(t('desk.s_measure', { words: String(f.temporary_measure).replace(/[。.]$/, '') }))
  if (f.recovered_at) parts.push(t('desk.s_recovered', { at: short(String(f.recovered_at), language) }))
  parts.push(t('desk.s_updated', { at: short(ticket.updated_at, language) }))
  return parts.join(language === 'zh' ? '' : ' ')
}

// The province of a unit is its own or that of the unit above.
export function provinceOf(unit: string | null, units: Map<string, Record_>): string {
  for (let at = unit, hops = 0; at && hops < 20; ++hops) {
    const record = units.get(at)
    if (!record) return ''
    if (record.fields.province) return String(record.fields.province)
    at = (record.fields.parent as string | undefined) ?? null
  }
  return ''
}

export async function copyText(text: string): Promise<boolean> {
  try { await navigator.clipboard.writeText(text); return true } catch {
    const box = document.createElement('textarea')
    box.value = text
    box.className = 'unseen'
    document.body.append(box)
    box.select()
    const done = document.execCommand('copy')
    box.remove()
    return done
  }
}
