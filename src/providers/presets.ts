/** Servers and services that speak OpenAI's chat format, with where they usually are (MODELS.md 2). */
export const compatiblePresets = {
  vllm: { name: 'vLLM', baseUrl: 'http://127.0.0.1:8000/v1', keyEnv: null },
  sglang: { name: 'SGLang', baseUrl: 'http://127.0.0.1:30000/v1', keyEnv: null },
  llamacpp: { name: 'llama.cpp', baseUrl: 'http://127.0.0.1:8080/v1', keyEnv: null },
  lmstudio: { name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1', keyEnv: null },
  openrouter: { name: 'OpenRouter', baseUrl: 'https://openrouter.ai/api/v1', keyEnv: 'OPENROUTER_API_KEY' },
  together: { name: 'Together', baseUrl: 'https://api.together.xyz/v1', keyEnv: 'TOGETHER_API_KEY' },
  huggingface: { name: 'Hugging Face', baseUrl: 'https://router.huggingface.co/v1', keyEnv: 'HF_TOKEN' },
  dashscope: {
    name: 'DashScope',
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    keyEnv: 'DASHSCOPE_API_KEY',
  },
} as const
export type CompatiblePreset = keyof typeof compatiblePresets

/** Kinds with an address and a key of their own; the first variable that is set counts. */
export const kindDefaults = {
  openai: { baseUrl: 'https://api.openai.com/v1', keyEnvs: ['OPENAI_API_KEY'] },
  'openai-responses': { baseUrl: 'https://api.openai.com/v1', keyEnvs: ['OPENAI_API_KEY'] },
  anthropic: { baseUrl: 'https://api.anthropic.com/v1', keyEnvs: ['ANTHROPIC_API_KEY'] },
  google: {
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    keyEnvs: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY'],
  },
  mistral: { baseUrl: 'https://api.mistral.ai/v1', keyEnvs: ['MISTRAL_API_KEY'] },
  ollama: { baseUrl: 'http://127.0.0.1:11434', keyEnvs: [] },
} as const
