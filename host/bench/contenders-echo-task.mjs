// The task that the pools run.
export default function echo(value) {
  return value;
}
