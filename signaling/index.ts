// The package's `skein/signaling` entry: a signaling server to run inside a program of one's own.

export { createSignalingServer, type SignalingOptions, type SignalingServer } from './server.ts'
