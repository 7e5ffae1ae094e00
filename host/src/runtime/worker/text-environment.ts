/** Variables that hold texts whatever is put into them, as Node's own do; what is no text becomes one. */
export function createTextEnvironment(values: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return new Proxy<NodeJS.ProcessEnv>(
    { ...values },
    {
      // Also a plain assignment comes here.
      defineProperty: (target, name, descriptor) =>
        Reflect.defineProperty(target, name, { ...descriptor, value: String(descriptor.value) }),
    },
  );
}
