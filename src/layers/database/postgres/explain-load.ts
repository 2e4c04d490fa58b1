import { RefusedError } from '../../../errors.ts'

/** What a dump is known to be unable to bring back, in the words of `pg_restore`, and what the owner of the database can do about it. */
const ways: readonly { readonly words: RegExp; readonly way: (found: RegExpExecArray) => string }[] = [
  {
    // https://www.postgresql.org/docs/current/sql-createfunction.html: a dump is restored with an empty search_path
    words:
      /does not exist[\s\S]*CONTEXT: +(?:SQL function "([^"]+)"|PL\/pgSQL function ([^\s(]+\([^)]*\))|SQL expression)/,
    way: ([, sql, plpgsql]) =>
      `function ${sql ?? plpgsql ?? ''} uses names without their schema, which a restore cannot find: ALTER FUNCTION … SET search_path = public, or write the schema before each name in it`,
  },
  {
    words:
      /violates (?:foreign key|check|not-null|exclusion|unique) constraint|could not create unique index|contains values that violate/,
    way: () =>
      'rows of the live database break a constraint, as rows can that were written while it was switched off: correct them, or make it NOT VALID',
  },
  {
    words: /(?:must be (?:a )?member of role|must be able to SET ROLE) "([^"]*)"/,
    way: ([, role]) =>
      `some objects belong to role ${role}, of which the user is not a member: GRANT ${role} TO it, or restore as a superuser`,
  },
  {
    words: /permission denied for schema (\S+)[\s\S]*OWNER TO ([^;]+);/,
    way: ([, schema, role]) =>
      `role ${role} may not create in schema ${schema} before its privileges are restored: back up and restore as a superuser, or make ${role} the owner of the schema`,
  },
  {
    words: /role "([^"]*)" does not exist/,
    way: ([, role]) => `the server has no role ${role}: CREATE ROLE it`,
  },
  {
    // pg_dump leaves functions of pg_catalog out, as the handler of such a language
    words: /Command was: CREATE OR REPLACE PROCEDURAL LANGUAGE ("(?:[^"]|"")+"|[^;]+);/,
    way: ([, language]) =>
      `language ${language} uses the handler of another language, which pg_dump leaves out: DROP LANGUAGE it, or create it with its own handler`,
  },
  {
    words: /No space left on device/,
    way: () => 'free space on the server, or verify on another one',
  },
]

/** Adds to the words of `pg_restore` what to do; another error as it is. */
export function explainLoad(error: unknown): unknown {
  if (!(error instanceof RefusedError)) return error
  for (const { words, way } of ways) {
    const found = words.exec(error.message)
    if (found !== null) return new RefusedError(`${way(found)} (${error.message})`)
  }
  return error
}
