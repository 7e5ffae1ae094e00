import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import type { JsonObject } from '@automate/sdk';
import { openAdapter, startConnector } from '@automate/testing';
import type { StartedConnector } from '@automate/testing';
import S3Adapter from '../src/s3-adapter.ts';

export const MIB = 1024 * 1024;
/** More than two parts. */
export const LARGE = 21 * MIB + 7;

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A folder of its own with files to read, and one to write to. */
export interface Folders {
  readonly read: string;
  readonly write: string;
  /** Makes a file to read, of random bytes unless they are given. */
  make(name: string, content: number | Uint8Array): { readonly file: string; readonly hash: string };
  /** What a file that was written holds. */
  written(name: string): string;
  /** Names of all that is in the folder to write to. */
  names(): string[];
  remove(): void;
}

export function makeFolders(): Folders {
  const folder = (): string => realpathSync(mkdtempSync(join(tmpdir(), 's3-files-')));
  const [read, write] = [folder(), folder()];
  return {
    read,
    write,
    make(name, content) {
      const bytes = typeof content === 'number' ? randomBytes(content) : content;
      writeFileSync(join(read, name), bytes);
      return { file: join(read, name), hash: hashOf(bytes) };
    },
    written: (name) => hashOf(readFileSync(join(write, name))),
    names: () => readdirSync(write),
    remove: () => [read, write].forEach((each) => rmSync(each, { recursive: true, force: true })),
  };
}

/** Another client of the same service, which sees what is really there. */
export interface Second {
  /** Of an object's bytes. */
  hash(bucket: string, key: string): Promise<string>;
  has(bucket: string, key: string): Promise<boolean>;
  /** Keys of uploads that are neither complete nor aborted. */
  openUploads(bucket: string): Promise<(string | undefined)[]>;
  close(): void;
}

export function secondClient(url: string, { username, password }: User): Second {
  const client = new S3Client({
    endpoint: url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: username, secretAccessKey: password },
  });
  const hash = async (bucket: string, key: string): Promise<string> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return hashOf((await Body?.transformToByteArray()) ?? new Uint8Array());
  };
  return {
    hash,
    has: (bucket, key) =>
      hash(bucket, key).then(
        () => true,
        () => false,
      ),
    async openUploads(bucket) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.map(({ Key }) => Key);
    },
    close: () => client.destroy(),
  };
}

interface MoverOptions {
  readonly folders: Folders;
  readonly settings?: JsonObject;
}
type User = Readonly<Record<'username' | 'password', string>>;

const optionsOf = ({ username, password }: User, { folders, settings = {} }: MoverOptions) => ({
  config: { auth: { type: 'basic' as const, username, password } },
  settings: { bucket: 'files', files: { read: [folders.read], write: [folders.write] }, ...settings },
});

/** A connector that may use those folders. */
export async function startMover(url: string, user: User, options: MoverOptions): Promise<StartedConnector<S3Adapter>> {
  return startConnector(S3Adapter, { ...optionsOf(user, options), url, timeoutMs: 200_000 });
}

/** The same, to be called with a caller's own signal. */
export async function openMover(url: string, user: User, options: MoverOptions) {
  const { config, ...rest } = optionsOf(user, options);
  const { hostname, port } = new URL(url);
  return openAdapter(S3Adapter, { ...rest, config: { ...config, scheme: 'http', host: hostname, port: Number(port) } });
}
