export { default as MinioAdapter } from './minio-adapter.ts';
export { default as S3Adapter } from './s3-adapter.ts';
