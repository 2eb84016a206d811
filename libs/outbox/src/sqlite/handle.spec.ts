import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import { openFile, type SqliteDriver } from './drivers.js';
import { driversHere } from './fixtures/drivers.js';
import { handleOf, type SqliteDatabase } from './handle.js';
import { DriverNotInstalledError, HandleUnknownError } from './index.js';
import { faultOf } from './sqlite.fault.js';

const drivers = driversHere();

describe.each(drivers)('a handle of %s', (driver) => {
  it('runs statements with and without rows, and knows of its transaction', async () => {
    const handle = await openFile(':memory:', driver);
    handle.exec('create table t (id integer primary key, text); insert into t (text) values (1)');
    expect(handle.prepare('update t set text = ? where id = ?').all(['x', 1])).toEqual([]);
    const rows = handle.prepare('insert into t (text) values (?) returning id, text').all(['y']);
    expect(rows.map(({ id, text }) => [id, text])).toEqual([[2, 'y']]);
    expect(handle.prepare('select ? as big').all([2 ** 45])).toMatchObject([{ big: 2 ** 45 }]);
    expect(handle.isInTransaction).toBe(false);
    handle.prepare('begin immediate').all([]);
    expect(handle.isInTransaction).toBe(true);
    handle.prepare('rollback').all([]);
    handle.close();
  });

  it('tells a mistake from a database that is not there', async () => {
    const handle = await openFile(':memory:', driver);
    const thrown = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return error;
      }
    };
    expect(faultOf(thrown(() => handle.prepare('select nothing')))).toBe('mistake');
    handle.exec('create table t (id integer primary key); insert into t values (1)');
    expect(faultOf(thrown(() => handle.exec('insert into t values (1)')))).toBe('mistake');
    const statement = handle.prepare('select 1 as one');
    handle.close();
    expect(faultOf(thrown(() => handle.prepare('select 1')))).toBe('unreachable');
    void statement;
  });
});

describe('a handle', () => {
  it('is the same for the same database, and whole numbers stay numbers where the user wants BigInt', () => {
    const database = new Libsql(':memory:').defaultSafeIntegers(true);
    expect(handleOf(database)).toBe(handleOf(database));
    expect(handleOf(database).prepare('select 1 as one').all([])).toEqual([{ one: 1 }]);
    database.close();
  });

  it.each([undefined, null, 7, 'file.db', {}, { prepare: () => {}, exec: () => {} }])('is not %j', (given) => {
    expect(() => handleOf(given as unknown as SqliteDatabase)).toThrow(HandleUnknownError);
  });
});

describe('a file', () => {
  it('is opened with the first driver that is there', async () => {
    const handle = await openFile(':memory:', undefined);
    expect(handle.prepare('select 1 as one').all([])).toMatchObject([{ one: 1 }]);
    handle.close();
  });

  it('cannot be opened with a driver that is not there, and the error says what to install', async () => {
    // Not better-sqlite3: of an optional peer that is missing the test runner makes a module that throws an error of its own.
    const absent = (['node:sqlite'] as SqliteDriver[]).find((driver) => !drivers.includes(driver));
    if (absent === undefined) return;
    await expect(openFile(':memory:', absent)).rejects.toThrow(DriverNotInstalledError);
    await expect(openFile(':memory:', absent)).rejects.toThrow('npm install libsql');
  });
});
