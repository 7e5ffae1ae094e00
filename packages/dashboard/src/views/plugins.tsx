import { api } from '../api/api.ts';
import type { PluginEntry } from '../api/types.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemPanel } from '../parts/problem-panel.tsx';
import { SimpleTable } from '../parts/simple-table.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { usePage } from '../state/page-state.ts';
import { useLoad, useTask } from '../state/use-load.ts';
import { TaskButton } from '../parts/task-button.tsx';

const STATUS_WORDS: Readonly<Record<PluginEntry['status'], string>> = {
  admitted: 'Admitted',
  held_back: 'Held back',
  rejected: 'Refused',
  problem: 'Problem',
};

/** Which packages were found, what became of them, why, and what to do. */
export function Plugins() {
  const { session } = usePage();
  const { value, problem, reload } = useLoad(() => api.listPlugins(), []);
  const rescan = useTask(async () => {
    await api.rescanPlugins();
    await reload();
  });
  const trouble = problem ?? rescan.problem;
  return (
    <>
      <PageTitle title="Plugins">
        {session.may('manage') ? (
          <TaskButton busy={rescan.busy} onPress={() => void rescan.run()}>
            {rescan.busy ? 'Scanning …' : 'Scan again'}
          </TaskButton>
        ) : null}
      </PageTitle>
      {trouble === undefined ? null : <ProblemPanel problem={trouble} />}
      {value === undefined ? (
        trouble === undefined ? (
          <Loading what="plugins" />
        ) : null
      ) : value.plugins.length === 0 ? (
        <Empty title="No package with connectors was found.">
          <p>
            <code>automate plugins add PACKAGE</code> installs one.
          </p>
        </Empty>
      ) : (
        <SimpleTable
          name="Plugins"
          columns={['Package', 'Version', 'Status', 'Kinds', 'Why, and what to do', 'Commands', 'Permissions']}
        >
          {value.plugins.map((plugin) => (
            <tr key={plugin.path}>
              <td>
                <strong>{plugin.package}</strong>
              </td>
              <td>{plugin.version ?? ''}</td>
              <td class={plugin.status === 'admitted' ? 'outcome-good' : 'outcome-bad'}>
                {STATUS_WORDS[plugin.status]}
              </td>
              <td>{plugin.kinds.join(', ')}</td>
              <td>
                <Reasons plugin={plugin} />
              </td>
              <td>
                <Commands plugin={plugin} />
              </td>
              <td>
                <Permissions plugin={plugin} />
              </td>
            </tr>
          ))}
        </SimpleTable>
      )}
      {value === undefined || value.problems.length === 0 ? null : (
        <section aria-labelledby="project-heading">
          <h2 id="project-heading">Problems of the project</h2>
          <ul>
            {value.problems.map((each) => (
              <li key={each.path + each.expected}>
                <code>{each.path}</code>: expected {each.expected}, found {each.received}. {each.remedy}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p class="hint">
        Packages are changed on the command line, where it is asked what a new version may do;{' '}
        <code>automate plugins diff</code> shows in what they differ from <code>connectors.lock</code>.
      </p>
    </>
  );
}

function Reasons({ plugin: { message, problems, warnings } }: { readonly plugin: PluginEntry }) {
  return (
    <>
      {message === undefined ? null : <p>{message}</p>}
      {problems.map((each) => (
        <p key={each.path + each.expected}>
          <code>{each.path}</code>: expected {each.expected}, found {each.received}. {each.remedy}
        </p>
      ))}
      {warnings.map((each) => (
        <p key={each}>{each}</p>
      ))}
    </>
  );
}

/** What to type in the project's folder. */
function Commands({ plugin: { package: name, former_version: former } }: { readonly plugin: PluginEntry }) {
  const commands = [
    [`automate plugins update ${name}`, 'to the newest version that package.json allows'],
    ...(former === undefined ? [] : [[`automate plugins rollback ${name}`, `back to version ${former}`]]),
    [`automate plugins remove ${name}`, 'take it out of the project'],
  ];
  return (
    <details>
      <summary>
        Commands <span class="hidden-text">for {name}</span>
      </summary>
      {commands.map(([command, what]) => (
        <p key={command}>
          <code>{command}</code>
          <br />
          <span class="quiet">{what}</span>
        </p>
      ))}
    </details>
  );
}

function Permissions({ plugin: { permissions } }: { readonly plugin: PluginEntry }) {
  return (
    <>
      {permissions.map(({ kind, permission, value, granted }) => (
        <p key={`${kind} ${permission} ${value}`}>
          <code>
            {permission} {value}
          </code>{' '}
          <span class="quiet">{granted.length === 0 ? 'not granted' : 'granted'}</span>
        </p>
      ))}
    </>
  );
}
