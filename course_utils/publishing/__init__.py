"""The chapters outside JupyterLab: slides, paper and a website, made from the committed, executed notebooks."""
