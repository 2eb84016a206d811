import { expect, it } from 'vitest';
import { questionMarks } from './question.marks.js';

it.each([
  ['select $2, $1, $2', 'select ?, ?, ?', ['b', 'a', 'b']],
  [
    `select j ? $1 and j ?| array[$2] and j ?& array[$1]`,
    `select j \\? ? and j \\?| array[?] and j \\?& array[?]`,
    ['a', 'b', 'a'],
  ],
  [`select '$1 it''s ?', "a $1?", $1::text`, `select '$1 it''s \\?', "a $1\\?", ?::text`, ['a']],
  ['select $1 -- $2 ?\n, /* $2 */ $2', 'select ? -- $2 \\?\n, /* $2 */ ?', ['a', 'b']],
  ['select $10', 'select ?', ['j']],
  ['select 1', 'select 1', []],
])('writes %j with question marks', (sql, converted, bindings) => {
  expect(questionMarks(sql, 'abcdefghij'.split(''))).toEqual({ sql: converted, bindings });
});
