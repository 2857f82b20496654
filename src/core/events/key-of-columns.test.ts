import { describe, expect, test } from 'vitest'
import { columnArrays, columnsOfKey, keyOfColumns } from './key-of-columns.ts'

describe('the key of several columns', () => {
  test.each([
    [[7], '7'],
    [['["x"]'], '["x"]'],
    [[7, 'a'], '["7","a"]'],
    [['', '"', '\\', '\n', '\u0001é📚'], JSON.stringify(['', '"', '\\', '\n', '\u0001é📚'])],
    [[9007199254740993n, true], '["9007199254740993","true"]'],
  ])('of the columns %s is %s, and reads back', (values, key) => {
    expect(keyOfColumns(values)).toBe(key)
    expect(columnsOfKey(key, values.length)).toEqual(values.map(String))
  })

  test.each([['7'], ['["7"]'], ['["7","a","b"]'], ['[7,"a"]'], ['{"a":"b"}'], ['']])(
    'is not the text %s',
    (key) => {
      expect(() => columnsOfKey(key, 2)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    },
  )

  test('is taken apart into one array for each column', () => {
    expect(columnArrays(['["1","a"]', '["2","b"]'], 2)).toEqual([
      ['1', '2'],
      ['a', 'b'],
    ])
    expect(columnArrays(['1', '2'], 1)).toEqual([['1', '2']])
  })
})
