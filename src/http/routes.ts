/** Addresses that more than one page links to. */
export const sharePath = (slug: string) => `/s/${slug}`
export const battlePath = (id: string) => `/b/${id}`
