/** An answer that says who made it: the vote is kept and not counted (TRUST.md A8). */
export function namesItself(answer: string, aliases: string[]): boolean {
  const sentences = answer.split(/(?<=[.!?。！？\n])/u)
  return sentences.some((sentence) => selfReference.test(sentence) && mentions(sentence, [...aliases, ...families]))
}

/** A question that asks the models who they are (TRUST.md A9). */
export const isIdentityProbe = (question: string) => probes.some((probe) => probe.test(question))

// Only a sentence in which the speaker speaks of itself counts: a logo in the photo may be named freely.
const selfReference =
  /\b(?:i\s*(?:am|'m|’m|was)\b|my name is|call me|as an? [^.]{0,40}(?:model|assistant|ai)\b|(?:made|built|created|trained|developed) by|je suis|je m'appelle|ich bin|ich heiße|soy|me llamo|io sono|sono un|mi chiamo)|我是|我叫|由.{0,12}(?:开发|训练|创建|推出)|私は|わたしは|저는|나는/iu

const families = [
  'GPT',
  'ChatGPT',
  'OpenAI',
  'Claude',
  'Anthropic',
  'Gemini',
  'Google',
  'Bard',
  'Llama',
  'LLaMA',
  'Meta AI',
  'Qwen',
  'Tongyi',
  '通义千问',
  '千问',
  'Alibaba',
  '阿里',
  'Molmo',
  'Ai2',
  'Allen Institute',
  'Pixtral',
  'Mistral',
  'InternVL',
  'InternLM',
  '书生',
  'LLaVA',
  'PaliGemma',
  'Gemma',
  'DeepSeek',
  'GLM',
  'ChatGLM',
  'Zhipu',
  '智谱',
  'Kimi',
  'Moonshot',
  'Grok',
  'xAI',
  'Phi',
  'Copilot',
  'Kosmos',
  'Florence',
  'MiniCPM',
  'Yi-VL',
  'Nova',
]

function mentions(sentence: string, names: string[]) {
  return names.some((name) => name.trim().length > 1 && wordOf(name).test(sentence))
}

const words = new Map<string, RegExp>()
function wordOf(name: string) {
  const known = words.get(name)
  if (known) return known
  const escaped = name.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  // Chinese runs on without spaces, so only Latin letters make a longer word of a name.
  const word = new RegExp(`(?<![\\p{Script=Latin}\\p{N}])${escaped}(?!\\p{Script=Latin})`, 'iu')
  words.set(name, word)
  return word
}

const probes = [
  /\b(?:who|what) (?:are|r) (?:you|u)\b(?=\s*(?:$|[?!.,;:]|and\b|called\b|exactly\b|really\b|actually\b|running\b))/i,
  /\bwhat(?:'s|’s| is) your (?:name|model|version|maker|company)\b/i,
  /\b(?:which|what) (?:ai |language |vision |llm )*(?:model|llm|ai|assistant|chatbot|version) (?:are|is|r) (?:you|this|u|answering|responding)\b/i,
  /\bwho (?:made|built|created|trained|developed|designed|owns) (?:you|u)\b/i,
  /\b(?:are|r) (?:you|u) (?:a |an |the )?(?:chat)?(?:gpt|claude|gemini|llama|qwen|molmo|mistral|pixtral|llava|deepseek|copilot|bard|grok)/i,
  /\b(?:identify|introduce|reveal|name) yourself\b/i,
  /\b(?:tell|say|reveal|state|disclose|give)\b.{0,30}\b(?:your|ur) (?:name|identity|model|maker|developer|creator|provider|system prompt|version|training data|knowledge cutoff)\b/i,
  /\b(?:your|ur) (?:system prompt|knowledge cut-?off|training cut-?off|developer|creator|manufacturer)\b/i,
  /\bwhat company (?:made|built|created|are you)\b/i,
  /你是(?:谁|什么|哪|哪个)|你叫什么|你的(?:名字|开发者|模型|版本|系统提示)|谁(?:开发|训练|创造|制造)了?你|你是不是/,
  /あなたは(?:誰|何|どの)|あなたの名前/,
  /(?:너는|당신은) (?:누구|무엇|어떤)/,
  /\b(?:qui es-tu|qui êtes-vous|comment t'appelles-tu|quel modèle (?:es-tu|êtes-vous)|qui t'a créé)\b/i,
  /\b(?:wer bist du|wer sind sie|wie heißt du|welches modell bist du|wer hat dich (?:gebaut|entwickelt|trainiert))/i,
  /(?:quién eres|cómo te llamas|qué modelo eres|quién te (?:creó|hizo|entrenó))/i,
]
