import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../../api/api.ts';
import type { ConnectorDetails, ConnectorInfo, JsonMap } from '../../api/types.ts';
import { ConfigForm } from '../../forms/config-form.tsx';
import { usePage } from '../../state/page-state.ts';

export interface ConfigurationProps {
  readonly info: ConnectorInfo;
  readonly details: ConnectorDetails;
  reload(): Promise<void>;
}

/** What is configured, and how to change it. */
export function Configuration({ info, details, reload }: ConfigurationProps) {
  const { session } = usePage();
  const [saved, setSaved] = useState<{ readonly message: string }>();
  const notice = useRef<HTMLParagraphElement>(null);
  // The form that had the focus gives way to one of what stands now.
  useEffect(() => notice.current?.focus(), [saved]);
  const config = details.config as JsonMap;
  return (
    <>
      {saved === undefined ? null : (
        <p class="notice" role="status" tabIndex={-1} ref={notice}>
          {saved.message}
        </p>
      )}
      <ConfigForm
        // Another form once another configuration stands.
        key={JSON.stringify(config)}
        standing={config}
        locked={session.may('manage') ? LOCKED[info.owner] : 'Changing it needs the scope manage.'}
        save={async (next) => {
          const { message } = await api.updateConnector(info.id, { ...next, id: info.id });
          setSaved({ message });
          await reload();
        }}
      />
    </>
  );
}

const LOCKED: Readonly<Record<ConnectorInfo['owner'], string | undefined>> = {
  api: undefined,
  file: 'The configuration file owns this connector: change it there. It is read again when it is saved.',
  plugin: 'Its plugin brings this connector: to configure it, write one with its id into the configuration file.',
};
