// The state diagram: states as boxes, actions that change the state as arrows. elkjs lays it out in a worker.
import workerAddress from 'elkjs/lib/elk-worker.min.js?url'
import type { Process, ProcessAction } from '@/api/shapes'

export interface Box { key: string; x: number; y: number; w: number; h: number; title: string; kind: 'state' | 'final' | 'start' | 'any' }
export interface Arrow { key: string; from: string; to: string; path: string; head: { x: number; y: number }; label: { text: string; x: number; y: number; w: number; h: number } | null; actions: ProcessAction[] }
export interface Drawing { w: number; h: number; boxes: Box[]; arrows: Arrow[] }

// Chinese letters are as wide as high, others about half.
export const textWidth = (text: string, size: number) => [...text].reduce((w, c) => w + (c.charCodeAt(0) > 0x2e7f ? size : size * 0.56), 0)

export const applies = (process: Process, action: ProcessAction, state: string) =>
  action.from.includes(state) || (action.from.includes('open') && !process.states.find((s) => s.key === state)?.final)

interface ElkPoint { x: number; y: number }
interface ElkNode { id: string; x?: number; y?: number; width?: number; height?: number; children?: ElkNode[]; edges?: ElkEdge[]; layoutOptions?: Record<string, string> }
interface ElkEdge { id: string; sources: string[]; targets: string[]; labels?: { text: string; width: number; height: number; x?: number; y?: number }[]; sections?: { startPoint: ElkPoint; endPoint: ElkPoint; bendPoints?: ElkPoint[] }[] }

function rounded(points: ElkPoint[]): string {
  const r = 6
  let path = `M${points[0]!.x} ${points[0]!.y}`
  for (let i = 1; i < points.length - 1; ++i) {
    const a = points[i - 1]!, b = points[i]!, c = points[i + 1]!
    const cut = (from: ElkPoint, to: ElkPoint) => { const d = Math.hypot(to.x - from.x, to.y - from.y) || 1, k = Math.min(r, d / 2) / d; return { x: to.x + (from.x - to.x) * k, y: to.y + (from.y - to.y) * k } }
    const p = cut(a, b), q = cut(c, b)
    path += `L${p.x} ${p.y}Q${b.x} ${b.y} ${q.x} ${q.y}`
  }
  const last = points.at(-1)!
  return `${path}L${last.x} ${last.y}`
}

export async function draw(process: Process, tx: (text: { zh: string; en: string }) => string, words: { start: string; any: string }, down: boolean): Promise<Drawing> {
  const { default: Elk } = await import('elkjs/lib/elk-api.js')
  const elk = new Elk({ workerFactory: () => new Worker(workerAddress) })
  const nodes: Box[] = process.states.map((s) => ({ key: s.key, x: 0, y: 0, w: Math.max(84, textWidth(tx(s), 14) + 28), h: 36, title: tx(s), kind: s.final ? 'final' : 'state' }))
  const bundles = new Map<string, { from: string; to: string; actions: ProcessAction[] }>()
  const add = (from: string, to: string, action: ProcessAction) => {
    const key = `${from}>${to}`
    const bundle = bundles.get(key) ?? { from, to, actions: [] }
    bundle.actions.push(action)
    bundles.set(key, bundle)
  }
  for (const action of process.actions) {
    if (!action.to) continue
    if (action.key === process.opening || !action.from.length) add('*start', action.to, action)
    else for (const from of action.from) if (from !== action.to) add(from === 'open' ? '*any' : from, action.to, action)
  }
  if ([...bundles.values()].some((b) => b.from === '*start')) nodes.unshift({ key: '*start', x: 0, y: 0, w: textWidth(words.start, 13) + 26, h: 28, title: words.start, kind: 'start' })
  if ([...bundles.values()].some((b) => b.from === '*any')) nodes.push({ key: '*any', x: 0, y: 0, w: textWidth(words.any, 13) + 26, h: 30, title: words.any, kind: 'any' })
  const label = (actions: ProcessAction[]) => (actions.length > 2 ? `${tx(actions[0]!)} +${actions.length - 1}` : actions.map((a) => tx(a)).join(' / '))
  const laid = (await elk.layout({
    id: 'root',
    layoutOptions: {
      'elk.algorithm': 'layered', 'elk.direction': down ? 'DOWN' : 'RIGHT', 'elk.edgeRouting': 'ORTHOGONAL', 'elk.spacing.nodeNode': '26', 'elk.layered.spacing.nodeNodeBetweenLayers': down ? '44' : '34',
      'elk.spacing.edgeNode': '14', 'elk.spacing.edgeEdge': '10', 'elk.layered.spacing.edgeNodeBetweenLayers': '14', 'elk.layered.spacing.edgeEdgeBetweenLayers': '10', 'elk.edgeLabels.inline': 'false', 'elk.spacing.edgeLabel': '3',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES', 'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF', 'elk.layered.crossingMinimization.forceNodeModelOrder': 'false', 'elk.padding': '[top=8,left=8,bottom=8,right=8]',
    },
    children: nodes.map((n) => ({ id: n.key, width: n.w, height: n.h, ...(n.kind === 'start' ? { layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' } } : {}) })),
    edges: [...bundles].map(([key, b]) => { const text = label(b.actions); return { id: key, sources: [b.from], targets: [b.to], labels: [{ text, width: textWidth(text, 12) + 6, height: 16 }] } }),
  } as never)) as unknown as ElkNode
  elk.terminateWorker()
  for (const n of laid.children ?? []) { const box = nodes.find((x) => x.key === n.id)!; box.x = n.x ?? 0; box.y = n.y ?? 0 }
  const arrows = (laid.edges ?? []).flatMap((e): Arrow[] => {
    const section = e.sections?.[0], b = bundles.get(e.id)
    if (!section || !b) return []
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]
    const l = e.labels?.[0]
    return [{ key: e.id, from: b.from, to: b.to, actions: b.actions, path: rounded(points), head: section.endPoint, label: l ? { text: l.text, x: l.x ?? 0, y: l.y ?? 0, w: l.width, h: l.height } : null }]
  })
  return { w: Math.ceil(laid.width ?? 0), h: Math.ceil(laid.height ?? 0), boxes: nodes, arrows }
}
