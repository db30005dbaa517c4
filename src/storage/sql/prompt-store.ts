import { and, asc, count, eq, isNotNull } from 'drizzle-orm'
import type { SetPrompt } from '../../prompts/prompt.ts'
import type { PromptStore } from '../../prompts/prompt-store.ts'
import type { Database, Engine } from './engine.ts'

export function promptStore({ schema, transaction, read }: Engine): PromptStore {
  const { promptSets, prompts, images } = schema
  const withImage = (db: Database) =>
    db
      .select({
        id: prompts.id,
        setId: prompts.setId,
        title: prompts.title,
        text: prompts.text,
        reference: prompts.reference,
        image: prompts.image,
        width: images.width,
        height: images.height,
        tags: prompts.tags,
        needsImage: prompts.needsImage,
      })
      .from(prompts)
      .innerJoin(images, eq(images.sha256, prompts.image))

  return {
    keepSet: ({ id, title, license, prompts: kept }) =>
      transaction(async (db) => {
        await db
          .insert(promptSets)
          .values({ id, title, license })
          .onConflictDoUpdate({ target: promptSets.id, set: { title, license } })
        // Places are free before they are given anew; what is not given one stays known to its battles and leaves the set.
        await db.update(prompts).set({ position: null }).where(eq(prompts.setId, id))
        for (const [position, prompt] of kept.entries()) {
          const row = toRow(prompt, id, position)
          await db.insert(prompts).values(row).onConflictDoUpdate({ target: prompts.id, set: row })
        }
      }),

    find: (id) =>
      read(async (db): Promise<SetPrompt | undefined> => {
        const [row] = await withImage(db).where(eq(prompts.id, id))
        return row
      }),

    sets: () =>
      read(
        async (db) =>
          await db
            .select({
              id: promptSets.id,
              title: promptSets.title,
              license: promptSets.license,
              size: count(prompts.position),
            })
            .from(promptSets)
            .leftJoin(prompts, eq(prompts.setId, promptSets.id))
            .groupBy(promptSets.id)
            .orderBy(asc(promptSets.id)),
      ),

    inSet: (setId) =>
      read(
        async (db) =>
          await withImage(db)
            .where(and(eq(prompts.setId, setId), isNotNull(prompts.position)))
            .orderBy(asc(prompts.position)),
      ),
  }
}

const toRow = (prompt: SetPrompt, setId: string, position: number) => ({
  id: prompt.id,
  setId,
  position,
  title: prompt.title,
  text: prompt.text,
  reference: prompt.reference,
  image: prompt.image,
  tags: prompt.tags,
  needsImage: prompt.needsImage,
})
