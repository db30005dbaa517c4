import { stringify } from 'yaml'
import { leaves } from './config-keys.ts'
import { configSchema } from './config-schema.ts'

/** Every key with its default and its meaning, all commented out: the file says nothing until somebody wants it to. */
export function configTemplate(): string {
  const lines = [
    '# Configuration of this arena. Every line is a default, commented out: take away the # of what you want to change.',
    '# Keys: docs/configuration.md. Check with: sightline config check',
  ]
  let open: string[] = []
  for (const { path, meaning, default: value } of leaves) {
    const groups = path.slice(0, -1)
    const shared = groups.findIndex((group, at) => open[at] !== group)
    for (const [at, group] of groups.entries())
      if (shared >= 0 && at >= shared) {
        if (at === 0) lines.push('', `# ${groupMeaning(group)}`)
        lines.push(`${'  '.repeat(at)}${group}:`)
      }
    open = groups
    const indent = '  '.repeat(groups.length)
    if (path[0] === 'models') lines.push('', ...modelExample)
    else if (groups.length === 0) lines.push('', `# ${meaning}`, `# ${path[0]}: ${flow(value)}`)
    else lines.push(`${indent}# ${meaning}`, `${indent}# ${path.at(-1)}: ${flow(value)}`)
  }
  return `${lines.join('\n')}\n`
}

const flow = (value: unknown) => stringify(value, { collectionStyle: 'flow' }).trim()

const groupMeaning = (group: string) =>
  (configSchema.shape[group as keyof typeof configSchema.shape] as { description?: string }).description ?? group

const modelExample = [
  '# The contestants. Without any, the built-in image readers run. `sightline models discover` finds servers on this machine.',
  '# Keys are never written here: key_env names an environment variable, key_file a file.',
  'models:',
  '  # - id: molmo-7b-d',
  '  #   name: Molmo 7B-D',
  '  #   kind: openai-compatible',
  '  #   preset: vllm',
  '  #   model: allenai/Molmo-7B-D-0924',
  '  #   grounding: molmo',
  '  #   card: { organization: Ai2, license: Apache-2.0, size: 7B }',
  '  # - id: gpt-4o',
  '  #   kind: openai',
  '  #   model: gpt-4o',
  '  #   key_env: OPENAI_API_KEY',
]

export const consentTemplate = `# Before you upload an image

Your image and your question are sent to two vision-language models. Which services run them is written on the page "Method".
The image, the question, both answers and your vote are kept for research. Images are deleted after the time named there.

Do not upload images of people who have not agreed to it, and no documents with private data.

You can look at everything you sent, take votes back and delete your images and texts on the page "My votes".

# 上传图片之前

你的图片和问题会发送给两个视觉语言模型；由哪些服务运行，见“方法”页面。
图片、问题、两个回答以及你的投票会保留用于研究；图片会在该页注明的期限后删除。

请不要上传未经本人同意的他人照片，也不要上传含有隐私信息的文件。

你可以在“我的投票”页面查看你发送的全部内容、撤回投票，并删除你的图片和文字。
`
