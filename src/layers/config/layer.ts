import { joinLayers, type Parts } from '../join-layers.ts'
import type { Layer } from '../layer.ts'
import { type FolderFilesOptions, openFolderFiles } from './folder-files.ts'
import { openRepositoryFiles, type RepositoryFilesOptions } from './repository-files.ts'
import { openVariables, type VariablesLayerOptions } from './variables/layer.ts'

/** The parts of the configuration that there are. Variables go back first: a deployment of the files reads them. */
export interface ConfigLayerOptions {
  readonly variables: VariablesLayerOptions | undefined
  /** files in the repository */
  readonly repositoryFiles: RepositoryFilesOptions | undefined
  /** files in a folder of a machine */
  readonly folderFiles: FolderFilesOptions | undefined
}

/** The configuration: GitHub Actions variables, and files in the repository or on a machine. */
export function openConfigLayer({ variables, repositoryFiles, folderFiles }: ConfigLayerOptions): Layer {
  const parts: Parts = {
    ...(variables && { variables: openVariables(variables) }),
    ...(repositoryFiles && { files: openRepositoryFiles(repositoryFiles) }),
    ...(folderFiles && { folder: openFolderFiles(folderFiles) }),
  }
  return joinLayers('config', parts)
}
