import { input } from '../runner/inputs.ts'

/** Inputs of both db-backup and db-restore. */
export const databaseInputs = {
  'database-url': input.secret({
    setting: 'database.url',
    description:
      'URL of the database, from a secret: `sqlite:path/to/app.db`, `postgres://user:password@host/app`, `mysql://user:password@host/app` for MariaDB. For TLS, add `?sslmode=disable`, `require` or `verify-full`, and `&sslrootcert=path`.',
    required: true,
  }),
  storage: input.text({
    setting: 'database.storage',
    description:
      'Where backups are stored: a folder on a disk that outlives the job, or `s3://bucket/prefix` with the keys in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of `env`.',
    required: true,
  }),
  migrations: input.path({
    setting: 'database.migrations',
    description:
      'Folder of the migrations in the repository, such as `db/migrations`. Empty: the project has none.',
  }),
  'keep-old': input.duration({
    setting: 'database.keep-old',
    description: 'How long a replaced database is kept beside the live one.',
    default: '7d',
  }),
} as const
