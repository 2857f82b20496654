/** Types of one family can be compared with one another in SQL. */
export type Family =
  | 'number'
  | 'text'
  | 'folded'
  | 'uuid'
  | 'date'
  | 'time'
  | 'bytes'
  | 'char'
  | 'float'
  | 'address'
  | 'interval'
  | 'boolean'

export interface ColumnType {
  /** As in CREATE TABLE. */
  readonly sql: string
  /** As in a cast. */
  readonly cast: string
  readonly values: readonly string[]
}

export interface KeyType extends ColumnType {
  readonly family: Family
}

/** A collation that does not tell upper case from lower case. */
export const FOLDING_COLLATION = 'oracle_folding'

/** Stands for a text that Postgres stores outside its row and, unchanged, does not send. */
export const LONG_TEXT = 'LONG TEXT'

const uuid = (digit: string): string => `${digit}0000000-0000-4000-8000-00000000000a`

/** The first four values of each type in a family are equal, so that links find rows; what follows is odd. */
export const keyTypes: readonly KeyType[] = [
  key('number', 'int', ['1', '2', '3', '4', '5', '-6']),
  key('number', 'bigint', [
    '1',
    '2',
    '3',
    '4',
    '9007199254740993',
    '-9223372036854775808',
    '9007199254740991',
  ]),
  key('number', 'numeric', [
    '1',
    '2',
    '3',
    '4',
    '1.0',
    '2.00',
    '2.5',
    '12345678901234567890.12',
    '-0.1234567890123456789',
  ]),
  key('text', 'text', ['a', 'b', 'c', 'd', '', "it's", '"', '\\', 'NULL', '{a,b}', ' a', '📚', 'a,b', '1']),
  key('text', 'varchar(80)', ['a', 'b', 'c', 'd', 'A', '$1', 'ä']),
  key('folded', 'text', ['a', 'b', 'c', 'd', 'A', 'B'], `text collate ${FOLDING_COLLATION}`),
  key('uuid', 'uuid', [uuid('a'), uuid('B'), uuid('c'), uuid('d'), uuid('0')]),
  key('date', 'date', ['2024-02-29', '2024-03-01', 'infinity', '0001-01-01 BC', '1969-12-31']),
  key('time', 'timestamptz', ['2024-01-01 00:00:00.123456+00', '2024-01-01 00:00:00.123457+00', '-infinity']),
  key('bytes', 'bytea', ['\\x00', '\\x01ff', '\\x', '\\x5c']),
  key('char', 'char(4)', ['a', 'b', 'c', 'd', ' a', '']),
  key('address', 'inet', ['1.2.3.4', '1.2.3.5', '::1', '1.2.3.4/24']),
  key('interval', 'interval', ['1 day', '2 days', '00:00:01', '1 mon', '24:00:00', '30 days']),
  key('boolean', 'boolean', ['true', 'false']),
  key('float', 'float8', ['1', '2', '0.1', '1e21', '0', '-0', 'NaN', '-Infinity']),
]

/** Types of columns that are only shown. */
export const shownTypes: readonly ColumnType[] = [
  ...keyTypes,
  shown('jsonb', [
    'null',
    '{"a": [1, [2, null]], "b": null}',
    '[]',
    '[[1], [2]]',
    '"x"',
    '{"__proto__": 1}',
    '{"n": [9007199254740993, 1.50, 1e-30]}',
  ]),
  shown('json', ['null', '{"b":1,  "a":[]}', '[null]', '1', '{"n": 9007199254740993, "e": 1e999}']),
  shown('numeric(60,30)', ['NaN', '0.1', '12345678901234567890.123456789012345678901234567890']),
  shown('bigint[]', ['{9007199254740993,NULL}', '{}']),
  shown('timestamp', ['2024-01-01 00:00:00.000001', '-infinity', '0044-03-15 12:00 BC']),
  shown('timestamptz[]', ['{"2024-01-01 00:00:00.123457+00", infinity}']),
  shown('tstzrange', ['[2024-01-01 00:00:00.123457+00,)', 'empty']),
  shown('float4', ['0.1', '16777216', 'NaN', '1e-30']),
  shown('int[]', ['{}', '{1,NULL,2}', '{{1,2},{3,4}}']),
  shown('text[]', ['{}', '{"a,b",NULL,"\\"", "NULL"}']),
  shown('text', ['x', 'y', 'z', '$&', "$'", LONG_TEXT]),
]

function key(family: Family, cast: string, values: readonly string[], sql: string = cast): KeyType {
  return { family, cast, sql, values }
}

function shown(sql: string, values: readonly string[]): ColumnType {
  return { sql, cast: sql, values }
}

/** The values that the rows have at first: those with which links of every type of a family can be equal. */
export function plainValues(type: ColumnType): readonly string[] {
  return type.values.slice(0, 4)
}
