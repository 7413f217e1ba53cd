// What the API answers, as far as these pages read it. Addresses and bodies are generated (openapi.ts); the shapes of
// answers whose members depend on definitions stand here. Times are RFC 3339, durations such as "3h59m33s752ms".
export interface Text { zh: string; en: string }
export interface Person extends Text { id: string }
export interface Page<T> { items: T[]; next_cursor: string | null }
export interface Refusal extends Text {
  clause: string; code: string; field: string; requirement: string | null; waiver?: 'exception' | 'break_glass'
}
export interface Problem {
  status: number; title: string; detail: string; code: string; field?: string; refusals?: Refusal[]
  version?: number; changes?: TicketEvent[]
}

export interface Me {
  id: string; login: string; name: Text; machine: boolean; internal: boolean; unit: string | null; language: string
  posts: { post: string; title: Text; board: string | null; unit: string | null; line: number | null; until: string | null }[]
  permissions: string[]
}

export interface FieldType {
  kind: string; words?: (Text & { word: string })[]; register?: string; process?: string | null
  element?: FieldType; columns?: Field[]
}
export interface Field extends Text {
  key: string; type: FieldType; help: Text | null; clause: string; requirement: string | null
  required: boolean; required_in: string[]; indexed: boolean; decided_by: string | null
}
export interface ProcessSummary { key: string; title: Text; clause: string; draft: boolean; shape: number }
export interface Guard extends Text { code: string; if: string; clause: string; requirement: string | null; waiver: string }
export interface ProcessAction extends Text {
  key: string; from: string[]; to: string | null; by: string[]; platform: boolean; comment_required: boolean
  fields: Takes[]; guards: Guard[]; clause: string; requirements: string[]
}
export interface ProcessState extends Text {
  key: string; accountable: string; owes: string; final: string | null; hint: Text | null
}
export interface Process {
  key: string; title: Text; clause: string; draft: boolean; shape: number; severity: string | null; opening: string | null
  fields: Field[]; states: ProcessState[]; actions: ProcessAction[]
  roles: (Text & { key: string; internal: boolean; differs_from: { seat: string; clause: string }[] })[]
  clocks: (Text & { key: string; clause: string; regulator: boolean })[]
  links: (Text & { key: string; to: string[] })[]
  tasks: (Text & { key: string })[]
}
export interface Takes { field: string; required: boolean }

export interface TicketRow {
  number: string; process: string; state: string; state_title: Text; title: string; board: string | null
  holder: string | null; holder_name: Person | null; severity: string | null; severity_title: Text | null
  opened_at: string; updated_at: string; closed_at: string | null; next_due: string | null
  open: boolean; drill: boolean; fields: Record<string, unknown>; version: number
}
export interface Clock extends Text {
  key: string; anchor: string | null; due: string | null; armed: boolean; running: boolean; paused: boolean
  breached: boolean; withdrawn: boolean; provisional: boolean; regulator: boolean; stopped_at: string | null
  used: string | null; remaining: string | null; late?: string | null; clause: string; requirement: string | null
  ledger?: { from: string; to: string | null; kind: string; counted: string }[]
}
export interface Decision extends Text {
  value: unknown; computed: unknown; since: string; flips_at: string | null; flips_to: unknown
  rows: { if: string; because: Text; clause: string; requirement: string | null }[]
}
export interface Task extends Text {
  id: string; key?: string; state: string; answer: string | null; by: Person | null; at?: string | null
  item: unknown; assignees: Person[]; comment: string | null; clause?: string; due?: string | null
  fields?: Record<string, unknown> | null; takes: (Field & { required: boolean })[]
}
export interface Ticket extends TicketRow {
  process_title: Text; state_hint: Text | null; state_since: string; holder_why: Text; owes: Person[]; opener: Person
  outcome: string | null; draft_process: boolean
  clocks: Record<string, Clock>; decisions: Record<string, Decision>
  stopwatches: Record<string, Text & { lanes: { key: string; counted: string; running: boolean; spans: { from: string; to: string | null }[] }[] }>
  seats: { person: Person; post: Text | null; role: string; role_title: Text; since: string; until: string | null }[]
  tasks: Task[]; overrides: { id: string; action: string; code: string; reason: string; proposer: Person | null; approver: Person | null; expires: string | null; used: string | null; reviewer: Person | null; review: string }[]
  watching?: boolean
}
export interface TicketAction extends Text {
  action: string; open: boolean; here: boolean; to: string | null; clause: string; comment_required: boolean
  fields: Takes[]; refusals: Refusal[]; roles: string[]
}
export interface TicketEvent {
  position: number; at: string; kind: string; actor: Person; title: Text | null
  body: {
    action?: string; comment?: string; text?: string; from?: string; to?: string
    patch?: { fields?: Record<string, unknown>; version?: number; [key: string]: unknown }
    notes?: (Partial<Text> & { what?: string; clock?: string; decision?: string; from?: unknown; to?: unknown; amount?: unknown })[]
    refusals?: Refusal[]; zh?: string; en?: string; [key: string]: unknown
  }
}
export interface TicketLink { key: string; outgoing: boolean; title: Text | null; number: string; process: string | null; state: string | null; open: boolean; ticket_title: string | null }
export interface Attachment { id: string; name: string; type: string; size: number; sha256: string; by: string; at: string; taken_back?: unknown }
export interface Facets { facets: Record<string, { value: string; title: Text | null; count: number }[]> }

export interface AlertGroup {
  key: string; life: string; title: string | Text | null; active: number; total: number; ticket: string | null
  opened_at: string; [key: string]: unknown
}
export interface Alert {
  fingerprint: string; name: string | null; labels: Record<string, string>; annotations?: Record<string, string>
  active: boolean; outcome: string; reason: unknown; ticket: string | null; starts_at: string; ends_at: string | null
  [key: string]: unknown
}
export interface Register extends Text {
  key: string; fields: Field[]; maintain?: string[]; states?: string[]; unique?: string[][]; clause?: string
}
export interface Record_ {
  id: string; register: string; state: string; version: number; valid_from: string; valid_to?: string | null
  fields: Record<string, unknown>; label?: string
}
export interface Parameter extends Text {
  key: string; clause: string; requirement: string | null; own_choice: boolean; value: unknown; initial?: unknown
  min?: unknown; max?: unknown; approval_post?: string; type?: FieldType
}
export interface PersonRow {
  id: string; login: string; name: Text; unit: string | null; unit_name: Text | null; internal: boolean; enabled: boolean
  email: string | null; phone: string | null; title: string | null
  posts: { post: string; title: Text; board: string | null; line: number | null }[]
}
// Somebody who is on a ticket now.
export interface Present { person: string; name: Text; doing: 'view' | 'edit'; action: string | null; since: string }
export interface Notice extends Text {
  id: number; at: string; ticket: string | null; title: string | null; process: string | null
  acknowledged: boolean; acknowledge_by: string | null; drill: boolean
}
