// Definitions and names that many pages need: read once, kept until something says they changed.
import { reactive, shallowReactive } from 'vue'
import { get } from './client'
import type { GetPath } from './client'
import type { Page, PersonRow, Process, ProcessSummary, Record_, Register, Text } from './shapes'

export interface Option { id: string; label: Text; search: string }

const processes = shallowReactive(new Map<string, Process>())
const asked = new Map<string, Promise<unknown>>()

function once<T>(key: string, load: () => Promise<T>): Promise<T> {
  let promise = asked.get(key) as Promise<T> | undefined
  if (!promise) {
    promise = load()
    asked.set(key, promise)
    promise.catch(() => asked.delete(key))
  }
  return promise
}

// A whole list that the server gives in pages.
async function whole<T>(path: GetPath, values: Record<string, string> = {}): Promise<T[]> {
  const rows: T[] = []
  for (let cursor: string | null = null; ;) {
    const page: Page<T> = await get<Page<T>>(path, values, { limit: 1000, cursor })
    rows.push(...page.items)
    cursor = page.next_cursor
    if (!cursor || rows.length >= 50_000) return rows
  }
}
export const allRecords = (register: string) => whole<Record_>('/api/v1/records/{register}', { register })
export const allPeople = () => whole<PersonRow>('/api/v1/people')

export const listProcesses = () =>
  once('processes', async () => (await get<Page<ProcessSummary>>('/api/v1/processes')).items)

export const getProcess = (key: string) =>
  once('process/' + key, async () => {
    const process = await get<Process>('/api/v1/processes/{key}', { key })
    processes.set(key, process)
    return process
  })

// At once if it is at hand; asks for it otherwise, and the caller is drawn again when it comes.
export function processNow(key: string): Process | undefined {
  const process = processes.get(key)
  if (!process) void getProcess(key).catch(() => undefined)
  return process
}

export const listRegisters = () => once('registers', async () => (await get<Page<Register>>('/api/v1/registers')).items)

export const options = reactive(new Map<string, Option[]>())

function nameOf(record: Record_): Text {
  const name = record.fields.name ?? record.fields.title ?? record.fields.code
  if (name && typeof name === 'object') return name as Text
  const text = typeof name === 'string' && name ? name : record.id
  return { zh: text, en: text }
}

// The choices of a field that points into a register; people are a register of their own.
export const loadOptions = (register: string) =>
  once('options/' + register, async () => {
    const list: Option[] =
      register === 'person'
        ? (await allPeople()).filter((p) => p.enabled).map((p) => ({
            id: p.id, label: p.name, search: `${p.id} ${p.login} ${p.name.zh} ${p.name.en} ${p.posts.map((x) => x.title.zh + x.title.en).join(' ')}` }))
        : (await allRecords(register)).map((r) => {
            const label = nameOf(r)
            return { id: r.id, label, search: `${r.id} ${label.zh} ${label.en}` }
          })
    options.set(register, list)
    return list
  })

// The name of a member of a register, or the id until it is known.
export function nameNow(register: string, id: string): Text {
  const list = options.get(register)
  if (!list) {
    void loadOptions(register).catch(() => undefined)
    return { zh: id, en: id }
  }
  return list.find((o) => o.id === id)?.label ?? { zh: id, en: id }
}

// Until every name that was asked for is known, or cannot be.
export const named = () => Promise.allSettled([...asked.values()])

export function forgetMaster(register?: string) {
  if (!register) {
    asked.clear(); options.clear(); processes.clear()
    return
  }
  asked.delete('options/' + register)
  if (options.has(register)) void loadOptions(register).catch(() => undefined)
}
