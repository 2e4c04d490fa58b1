import { z } from 'zod'
import { line, plainPath, secretVariable, section } from '../../settings/fields.ts'
import { scopes } from './variables/scope.ts'

/** The section `config` of `.github/rollback.yml`. */
export function configLayerSchema() {
  return section({
    files: z
      .array(plainPath())
      .default([])
      .describe(
        'Configuration files, from the root of the repository or of `folder`: JSON, JSONC, YAML, TOML, `.env`, `.properties`, or any other, which is restored as it is. Default: none.',
      ),
    folder: line()
      .optional()
      .describe(
        'Folder of a machine with the files, such as `/srv/shop`. The job must run on that machine. Default: the files are in the repository, and a commit restores them.',
      ),
    variables: z
      .array(z.enum(scopes))
      .default([])
      .describe(
        'GitHub Actions variables: of the `repository`, of the `environment`, of the `organization`, or several of these.',
      ),
    'organization-variables': z
      .array(
        line()
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable')
          .transform((name) => name.toUpperCase()),
      )
      .default([])
      .describe(
        'With `organization` in `variables`: names of the variables of the organization to restore. No others are backed up or changed. Default: none.',
      ),
    'variables-token': secretVariable('VARIABLES_TOKEN')
      .optional()
      .describe(
        'Variable that holds a token with *Variables: read and write* and *Environments: read and write*: of a GitHub App, or a fine-grained personal access token. For `organization`, *Variables* of the organization, too. `GITHUB_TOKEN` cannot change variables. Default: none.',
      ),
    storage: line()
      .optional()
      .describe(
        'Folder of the backups, as in the input `storage` of config-rollback. For `folder` and `variables`. Default: none.',
      ),
    target: line()
      .default('before-deployment')
      .describe(
        'What to restore, for `folder` and `variables`: `before-deployment`, `latest`, the name of a backup, `before:` with a time, or a revision.',
      ),
    keys: z
      .array(line())
      .default([])
      .describe(
        'The only keys to restore, such as `api.baseUrl`. Nothing else in the files changes. Default: the whole files.',
      ),
    schema: plainPath()
      .optional()
      .describe('JSON Schema in the repository that the files must match. Default: they are not checked.'),
    required: z.array(line()).default([]).describe('Fields that each file must have, such as `api.baseUrl`.'),
    'allow-removal': z
      .boolean()
      .default(false)
      .describe('Allow the removal of files and variables that did not exist at the target.'),
  })
    .superRefine((given, context) => {
      const refuse = (key: keyof typeof given, message: string) =>
        context.addIssue({ code: 'custom', path: [key], message })
      const { files, folder, variables, storage } = given
      if (files.length === 0 && variables.length === 0)
        refuse('files', 'is missing; write files such as `[config/app.yml]`, or `variables`')
      if (folder !== undefined && files.length === 0)
        refuse('folder', 'is for `files`; write them, or leave it out')
      if (files.length === 0)
        for (const key of ['keys', 'required'] as const)
          if (given[key].length > 0) refuse(key, 'is for `files`; write them, or leave it out')
      if (files.length === 0 && given.schema !== undefined)
        refuse('schema', 'is for `files`; write them, or leave it out')
      const isStored = folder !== undefined || variables.length > 0
      if (isStored && storage === undefined)
        refuse('storage', 'is missing; write the folder of the backups, such as `/var/backups/shop`')
      if (!isStored && storage !== undefined)
        refuse(
          'storage',
          'is for `folder` and `variables`; leave it out: files in the repository need no backups',
        )
      if (!isStored && given.target !== 'before-deployment')
        refuse(
          'target',
          'is for `folder` and `variables`; write `code.target`, which files in the repository go by',
        )
      if (variables.length > 0 && given['variables-token'] === undefined)
        refuse('variables-token', 'is missing; write `{ env: NAME }`: `GITHUB_TOKEN` cannot change variables')
      const isOfOrganization = variables.includes('organization')
      const names = given['organization-variables']
      if (isOfOrganization && names.length === 0)
        refuse(
          'organization-variables',
          'is missing; write the names of the variables of the organization that go back, such as `[SHOP_API_URL]`',
        )
      if (!isOfOrganization && names.length > 0)
        refuse(
          'organization-variables',
          'is for the variables of the organization; write `organization` in `variables`, too, or leave it out',
        )
      if (variables.length === 0 && given['variables-token'] !== undefined)
        refuse('variables-token', 'is for `variables`; leave it out')
    })
    .transform(
      ({
        'allow-removal': allowRemoval,
        'variables-token': variablesToken,
        'organization-variables': organizationVariables,
        ...rest
      }) => ({
        ...rest,
        variablesToken,
        organizationVariables: [...new Set(organizationVariables)],
        allowRemoval,
      }),
    )
    .optional()
    .describe('Configuration: files and GitHub Actions variables. Default: it is restored with the code.')
}
