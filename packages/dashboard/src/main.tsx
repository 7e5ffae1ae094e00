import { render } from 'preact';
import { App } from './app.tsx';
import { createPageState, PageContext } from './state/page-state.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';

const root = document.querySelector('#page');
if (root === null) throw new Error('index.html has no element for the page');
render(
  <PageContext.Provider value={createPageState()}>
    <App />
  </PageContext.Provider>,
  root,
);
