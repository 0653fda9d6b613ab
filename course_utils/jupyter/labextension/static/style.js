// How a chapter looks on a projector.
export const STYLE = `
.course-large{--jp-content-font-size1:25px;--jp-code-font-size:19px}
.course-presenting .course-deck{--jp-content-font-size1:calc(25px*var(--course-size,1));--jp-code-font-size:calc(19px*var(--course-size,1))}
.course-presenting{background:var(--jp-layout-color0)}
.course-presenting .course-deck .jp-Notebook{position:fixed!important;inset:0 0 calc(38px*var(--course-zoom,1)) 0!important;width:auto!important;height:auto!important;z-index:9000;background:var(--jp-layout-color0)}
.course-presenting :is(#jp-top-panel,#jp-menu-panel,#jp-bottom-panel,.jp-SideBar,.jp-Toolbar){visibility:hidden!important}
.course-presenting .course-deck :is(.jp-MarkdownOutput,.jp-Cell){border-color:transparent!important;box-shadow:none!important}
.course-presenting .course-deck .jp-InternalAnchorLink{display:none}
.course-presenting .course-deck{contain:none!important;position:static!important}
.course-presenting :is(.lm-DockPanel,.lm-StackedPanel,.lm-SplitPanel,.lm-BoxPanel,.jp-MainAreaWidget):has(.course-deck){contain:none!important;transform:none!important}
.course-presenting .course-deck .jp-WindowedPanel-outer{height:100%!important;padding:.5vh 0 0!important;box-sizing:border-box;overflow:auto}
.course-presenting .course-deck .jp-WindowedPanel-viewport{padding:0 5vw;min-height:0!important}
.course-presenting .course-deck .jp-Cell{display:none;padding:.1em 0}
.course-presenting .course-deck .jp-Cell.course-on{display:block;zoom:var(--course-zoom,1)}
.course-presenting .course-deck .cm-content{white-space:pre-wrap!important;overflow-wrap:anywhere;flex-shrink:1!important;min-width:0!important}
.course-presenting .course-deck .course-unrun .jp-Cell-outputWrapper,.course-presenting .course-deck .course-nocode .jp-Cell-inputWrapper{display:none!important}
.course-presenting .course-deck :is(.jp-Collapser,.jp-InputPrompt,.jp-OutputPrompt,.jp-Notebook-footer,.jp-cell-toolbar,.jp-CellHeader,.jp-CellFooter,.jp-InputPlaceholder,.jp-collapseHeadingButton){display:none!important}
.course-presenting .course-deck .jp-MarkdownOutput{line-height:1.42;max-width:62em}
.course-presenting .course-deck .jp-RenderedHTMLCommon :is(h1,h2,h3){margin-top:.2em}
.course-presenting .course-deck .course-training{max-width:100%!important}
.course-presenting .course-deck .course-training svg{zoom:1.8}
.course-presenting .course-deck .jp-mod-commandMode .course-checked .cm-line:first-of-type{display:none}
.course-presenting .course-deck .jp-OutputArea-output pre{font-size:var(--jp-code-font-size)}
.course-presenting .course-deck .jp-RenderedHTMLCommon :not(pre)>code{font-size:.86em}
.course-presenting .course-deck :is(.jp-RenderedHTMLCommon table,figcaption,.widget-html-content,.jp-OutputArea-output small){font-size:var(--jp-content-font-size1)!important;line-height:1.35}
.course-presenting .course-deck :is(.jp-RenderedHTMLCommon :is(td,th)){padding:.2em .6em}
.course-presenting .course-deck .jp-OutputArea-output :is(img,svg){max-height:80vh}
.course-presenting .course-deck .jp-Notebook:focus{outline:none}
.course-bar{zoom:var(--course-zoom,1);position:fixed;inset:auto 0 0 0;height:38px;box-sizing:border-box;padding:0 calc(5vw/var(--course-zoom,1));display:flex;align-items:center;gap:2em;justify-content:space-between;z-index:9001;font:16px/1.2 var(--jp-ui-font-family);color:var(--jp-ui-font-color1);background:var(--jp-layout-color1);border-top:1px solid var(--jp-border-color2)}
.course-bar span{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.course-bar .course-place{flex:none;max-width:38%}
.course-black::after{content:"";position:fixed;inset:0;background:#000;z-index:9999}
.course-dialog{font:19px/1.5 var(--jp-ui-font-family);color:var(--jp-ui-font-color1);background:var(--jp-layout-color1);border:1px solid var(--jp-border-color1);border-radius:6px;zoom:var(--course-zoom,1);max-height:calc(86vh/var(--course-zoom,1));overflow:auto}
.course-dialog::backdrop{background:rgb(0 0 0/.45)}
.course-dialog button{display:block;width:100%;text-align:left;font:inherit;color:inherit;background:none;border:0;padding:.15em .6em;cursor:pointer}
.course-dialog button:focus{background:var(--jp-ui-font-color1);color:var(--jp-layout-color1);outline:none}
.course-dialog th{text-align:left;padding-right:1.4em;white-space:nowrap}`;
