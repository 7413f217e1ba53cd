import { describe, expect, it } from 'vitest'
import writeXlsx from 'write-excel-file/universal'
import { decode, readFile, tableOf } from './files'

const gb = new Uint8Array([0xd0, 0xd5, 0xc3, 0xfb, 0x2c, 0xb2, 0xbf, 0xc3, 0xc5, 0x0d, 0x0a, 0xcd, 0xf5, 0xbe, 0xad, 0x2c, 0xd4, 0xcb, 0xce, 0xac, 0x0d, 0x0a]) // 姓名,部门 / 王经,运维
const said = async (file: File) => readFile(file).then(() => 'read', (e) => e.key)

describe('files', () => {
  it('CSV in UTF-8, with and without its mark, and in GB18030', async () => {
    expect(decode(gb)).toBe('姓名,部门\r\n王经,运维\r\n')
    for (const content of ['姓名,部门\n"王,经",运维\n', '\ufeff姓名,部门\n"王,经",运维\n'])
      expect(await readFile(new File([content], '人员.csv'))).toEqual([{ name: '人员', heads: ['姓名', '部门'], rows: [{ at: 2, cells: ['王,经', '运维'] }] }])
    expect((await readFile(new File([gb], 'p.csv')))[0]!.rows[0]!.cells).toEqual(['王经', '运维'])
  })
  it('a workbook with several sheets, numbers, dates; the sheet of notes is not read', async () => {
    const at = new Date('2026-03-02T09:00:00Z')
    const blob = await writeXlsx([
      { sheet: '人员', data: [[{ value: '登录名' }, { value: '电话' }], [{ value: 'wang' }, { value: 13800000000, type: Number }]] },
      { sheet: '值班', data: [[{ value: '开始' }], [{ value: at, type: Date, format: 'yyyy-mm-dd hh:mm' }]] },
      { sheet: '说明', data: [[{ value: 'x' }], [{ value: 'y' }]] },
    ]).toBlob()
    const tables = await readFile(new File([await blob.arrayBuffer()], 'x.xlsx'))
    expect(tables.map((x) => x.name)).toEqual(['人员', '值班'])
    expect(tables[0]!.rows[0]!.cells).toEqual(['wang', 13800000000])
    expect(tables[1]!.rows[0]!.cells).toEqual([at])
  })
  it('rows keep the number that the sheet shows', () => {
    expect(tableOf('x', [[''], ['名称', '', '级'], [''], ['甲', '', null], ['乙']])).toEqual({ name: 'x', heads: ['名称', '级'], rows: [{ at: 4, cells: ['甲', null] }, { at: 5, cells: ['乙', null] }] })
  })
  it('what is no table gets a clear answer', async () => {
    expect(await said(new File([new Uint8Array([0xd0, 0xcf, 0x11, 0xe0])], 'old.xls'))).toBe('setup.file_old')
    expect(await said(new File([new Uint8Array([0x50, 0x4b, 3, 4, 9])], 'x.xlsx'))).toBe('setup.file_broken')
    expect(await said(new File([new Uint8Array([1, 0, 2])], 'x.csv'))).toBe('setup.file_unknown')
    expect(await said(new File(['姓名\n'], 'x.csv'))).toBe('setup.file_empty')
  })
})
