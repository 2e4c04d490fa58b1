import type { Kind } from '../../support/databases.ts'

/** A database that others wrote and published, fetched by `script/public-schemas`. */
export interface PublicSchema {
  readonly name: string
  readonly kind: Kind
  /** repository and commit */
  readonly source: string
  /** scripts of it that make the database, in that order */
  readonly files: readonly string[]
  /** the version of PostgreSQL that has what it needs, where that is not Debian's */
  readonly major?: number
  /** what it needs that is not installed here: statements with that are left out */
  readonly without?: RegExp
  /** what its names are qualified with, where they are: the database that it is loaded into is called otherwise */
  readonly ownName?: string
}

export const publicSchemas: readonly PublicSchema[] = [
  {
    name: 'Pagila',
    kind: 'postgres',
    source: 'devrimgunduz/pagila@eddcfc4513dab4239ee1acbdf52beb1f5fcf50ac',
    files: ['pagila-schema.sql', 'pagila-schema-jsonb.sql'],
    // for pgvector
    major: 18,
  },
  {
    name: 'Sakila',
    kind: 'postgres',
    source: 'jOOQ/sakila@e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84',
    files: [
      'postgres-sakila-db/postgres-sakila-schema.sql',
      'postgres-sakila-db/postgres-sakila-insert-data-using-copy.sql',
    ],
  },
  {
    name: 'Northwind',
    kind: 'postgres',
    source: 'pthom/northwind_psql@cd0ef28d66369fbe177778e604e4be0f153c9e5c',
    files: ['northwind.sql'],
  },
  {
    name: 'Chinook',
    kind: 'postgres',
    source: 'lerocha/chinook-database@7f67772503d71ba90f19283c38e93923addb43fa',
    files: ['ChinookDatabase/DataSources/Chinook_PostgreSql.sql'],
  },
  {
    name: 'OpenStreetMap',
    kind: 'postgres',
    source: 'openstreetmap/openstreetmap-website@9da0fa5ecbff8adc5e6e91c7cf22546755a91f77',
    files: ['db/structure.sql'],
    without: /postgis|geometry|geography/i,
  },
  {
    name: 'Chinook',
    kind: 'mysql',
    source: 'lerocha/chinook-database@7f67772503d71ba90f19283c38e93923addb43fa',
    files: ['ChinookDatabase/DataSources/Chinook_MySql.sql'],
  },
  {
    name: 'Sakila',
    kind: 'mysql',
    source: 'datacharmer/test_db@3c7fa05e04b4c339d91a43b7029a210212d48e6c',
    files: ['sakila/sakila-mv-schema.sql', 'sakila/sakila-mv-data.sql'],
    ownName: 'sakila',
  },
  {
    name: 'Employees',
    kind: 'mysql',
    source: 'datacharmer/test_db@3c7fa05e04b4c339d91a43b7029a210212d48e6c',
    // its tables, views and routines; of its rows only the departments, as the others are 160 MB
    files: ['employees_partitioned.sql', 'load_departments.dump', 'objects.sql'],
    without: /^\s*(?:source|flush) /i,
  },
  {
    name: 'Chinook',
    kind: 'sqlite',
    source: 'lerocha/chinook-database@7f67772503d71ba90f19283c38e93923addb43fa',
    files: ['ChinookDatabase/DataSources/Chinook_Sqlite.sql'],
  },
  {
    name: 'Northwind',
    kind: 'sqlite',
    source: 'jpwhite3/northwind-SQLite3@4f56e7f5906dfd23b25244c5bfe8fb5da6402efd',
    files: ['src/create.sql'],
  },
  {
    name: 'Sakila',
    kind: 'sqlite',
    source: 'jOOQ/sakila@e089a5b1ec9af0df7a9c6a5d47d49fa1736a4e84',
    files: ['sqlite-sakila-db/sqlite-sakila-schema.sql'],
  },
]
