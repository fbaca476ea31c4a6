import { describe, expect, test } from 'vitest';
import { drop, sendBack, showAgain, takeDeadLetters } from '#shared/adapters/sqs/dead-letters.ts';
import { newFolder, openServer, receiveTexts, sendTexts } from './support.ts';

async function withLetters(count: number) {
  const folder = newFolder();
  const { client, queueUrls } = await openServer({ folder });
  const url = queueUrls['fence-host'];
  const dead = `${url}-dlq`;
  const texts = Array.from({ length: count }, (_, index) => `letter ${index}`);
  for (let start = 0; start < count; start += 10) await sendTexts(client, dead, texts.slice(start, start + 10));
  return { client, url, dead, texts };
}

describe('dead letters', () => {
  test('are all found, however many they are, and are there for the next look', async () => {
    const { client, dead, texts } = await withLetters(25);
    for (let look = 0; look < 2; look += 1) {
      const letters = await takeDeadLetters(client, dead);
      expect(letters.map(({ body }) => body).sort()).toEqual([...texts].sort());
      await showAgain(client, dead, letters);
    }
  });

  test('that are sent back are in their queue, and in no other', async () => {
    const { client, url, dead } = await withLetters(1);
    for (const letter of await takeDeadLetters(client, dead)) await sendBack(client, dead, url, letter);
    expect(await receiveTexts(client, url)).toEqual(['letter 0']);
    expect(await takeDeadLetters(client, dead)).toEqual([]);
  });

  test('tell who had sent them, and another body may go in their place', async () => {
    const { client, url, dead } = await withLetters(1);
    const [letter] = await takeDeadLetters(client, dead);
    if (letter === undefined) throw new Error('there is one');
    expect(letter.senderId).toMatch(/^\w+/);
    await sendBack(client, dead, url, letter, 'another');
    expect(await receiveTexts(client, url)).toEqual(['another']);
  });

  test('that can not be sent stay where they are', async () => {
    const { client, url, dead } = await withLetters(1);
    const [letter] = await takeDeadLetters(client, dead);
    if (letter === undefined) throw new Error('there is one');
    await expect(sendBack(client, dead, `${url}-none`, letter)).rejects.toThrow();
    await showAgain(client, dead, [letter]);
    expect(await receiveTexts(client, dead)).toEqual(['letter 0']);
  });

  test('that are dropped are gone', async () => {
    const { client, dead } = await withLetters(2);
    const [first, second] = await takeDeadLetters(client, dead);
    if (first === undefined || second === undefined) throw new Error('there are two');
    await drop(client, dead, first);
    await showAgain(client, dead, [second]);
    expect(await receiveTexts(client, dead)).toEqual([second.body]);
  });
});
