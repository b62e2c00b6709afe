// The sentences of teaching, in English and in Japanese.

export const strings = {
  en: {
    "page.teach": "Teach",
    "tool.path": "Path",
    "horizon": "Horizon", "horizon.hint": "steps of a demonstration",
    "l2": "L2 weight", "l2.hint": "keeps unseen cells’ rewards near 0",
    "beta": "Teacher’s β", "beta.hint": "how strictly best actions are preferred",
    "demos": "Demonstrations at one press",
    "stay": "A path that was drawn stays at its end until the horizon",

    "teach.hint": "Show the way to the goal, and stay there: walk by the arrow keys, slips included, or choose "
      + "Path and draw from the start. Or let the optimal policy show it.",
    "teach.hint.path": "Draw with mouse or finger from the start, or by the arrow keys and Enter. The steps are "
      + "as you intend them.",
    "teach.hint.change": "Now paint a block, or move the start: what was learnt stays, and is held against the "
      + "new maze.",
    "teach.changed": "The demonstrations are of the maze before; you see what was learnt from them in the maze as "
      + "it is now.",
    "teach.size": "The demonstrations are of a maze of {size}; what was learnt is shown in mazes of that size.",
    "teach.other.maze": "The demonstrations are of the maze before. Undo the change, or remove them all, to show "
      + "more.",
    "teach.many": "The page takes at most {count} demonstrations, of {steps} steps each and {all} together.",
    "teach.walk.under.way": "Step {step} of {horizon}. “Keep” or Enter ends the demonstration here.",
    "teach.path.under.way": "Path of {step} steps, at most {horizon}. “Keep” or Enter ends it here.",
    "teach.pad": "Show a step",
    "teach.go.up": "Show a step up", "teach.go.right": "Show a step right",
    "teach.go.down": "Show a step down", "teach.go.left": "Show a step left",
    "teach.keep": "Keep",
    "teach.restart": "Forget what is being shown, and begin again",
    "teach.best": "Let the optimal policy show",
    "teach.stop": "Stop", "teach.go.on": "Go on",
    "teach.terminal": "Here a goal ends the episode. Then “every step costs” explains the demonstrations as well as "
      + "the goal does. With a large L2 weight, such as 1, a reward above 0 is left on the way, and a plan that "
      + "collects it never ends.",
    "teach.open": "A maze with an open goal",

    "teach.view": "What the cells show",
    "teach.cloning": "Cloning", "teach.maxent": "MaxEnt reward", "teach.mean": "Bayes: mean",
    "teach.sd": "Bayes: spread", "teach.truth": "True reward",
    "teach.cloning.legend": "arrows: shown most often; hatched: never seen",
    "teach.maxent.legend": "recovered; arrows: its plan",
    "teach.mean.legend": "posterior mean; arrows: its plan",
    "teach.sd.legend": "posterior standard deviation",
    "teach.truth.legend": "true; arrows: the optimum",
    "teach.unseen": "never seen",
    "teach.way": "goes {ways}",
    "teach.regret": "regret {regret}",
    "teach.maxent.step": "MaxEnt: iteration {number}, gradient {gradient}",
    "teach.maxent.done": "MaxEnt: converged after {number} iterations, gradient {gradient}",
    "teach.bayes.step": "Bayes: {samples} of {most} samples, acceptance {acceptance}, R-hat {r_hat}, effective "
      + "sample size {ess}",
    "teach.bayes.apart": "the chains disagree (R-hat over {agreed})",
    "teach.bayes.large": "Bayes: only for mazes of at most 100 cells; each sample plans the maze anew.",

    "teach.worth": "Whose goal carries over?",
    "teach.worth.none": "When something has been shown, this shows what each method makes of it.",
    "teach.worth.home": "Now change the maze: paint a block across the way, or another start.",
    "teach.worth.wait": "Being worked out in the changed maze…",
    "teach.worth.carries": "In the changed maze MaxEnt’s goal carries over (regret {maxent}); cloning repeats "
      + "actions that no longer fit (regret {cloning}).",
    "teach.worth.fails": "In the changed maze MaxEnt’s reward misleads (regret {maxent}; cloning {cloning}): it "
      + "does not name the goal.",
    "teach.worth.same": "In the changed maze both are about as good (regret of MaxEnt {maxent}, of cloning "
      + "{cloning}).",
    "teach.method": "method", "teach.value": "V(start)", "teach.loss": "regret",
    "teach.value.now": "V(start) now", "teach.loss.before": "regret before", "teach.loss.now": "regret now",
    "teach.method.cloning": "Cloning", "teach.method.maxent": "MaxEnt: plan",
    "teach.method.mean": "Bayes: plan of mean",
    "teach.method.bayes": "Bayes: predictive", "teach.method.best": "Optimum",
    "teach.method.random": "Random actions",

    "teach.list": "Demonstrations",
    "teach.none": "Nothing has been shown yet.",
    "teach.row": "{number}. {by}, {length} steps, return {value}",
    "teach.row.ended": "{number}. {by}, {length} steps to an end, return {value}",
    "teach.by.walk": "walked", "teach.by.path": "drawn", "teach.by.best": "optimal policy", "teach.by.file": "loaded",
    "teach.remove": "Remove demonstration {number}",
    "teach.last": "Remove the last", "teach.forget": "Remove all", "teach.back": "Take back",
    "teach.removed": "All demonstrations were removed.",
    "teach.save": "Save", "teach.load": "Load a file…",
    "teach.walks": "Take over the walks",
    "teach.taken.over": "{count} walks of the page Walk were taken over.",
    "teach.file.read": "{name}: {count} demonstrations were loaded, with their maze.",
    "teach.file.many": "{name} holds more than the page takes: at most {count} demonstrations, of {steps} steps each "
      + "and {all} together.",
    "teach.file.large": "{name} is larger than {most} MB.",
    "teach.file.format": "{name} is not a file of demonstrations: its “format” must be “nanoka-demonstrations-1”, "
      + "with a maze and a list of episodes.",
    "teach.file.maze": "{name}: its maze cannot be read.",
    "teach.file.empty": "{name}: episode {number} must have at least one step [state, action, reward, next state].",
    "teach.file.step": "{name}: episode {number} has a step that cannot happen in its maze, or pays another reward.",
    "teach.link.long": "The link leaves the demonstrations out: together they have more than {most} steps. Save "
      + "them as a file.",
    "teach.link.broken": "The demonstrations in this link do not fit its maze and were left out.",

    "help.teach": "Teach: demonstrate a way to the goal. Cloning copies what was done where; MaxEnt and Bayes ask "
      + "what was wanted, and plan. Regret is 0 for the best policy and 1 for random actions, the mean over all "
      + "cells as starts.",
    "help.teach.walk": "show a step (with Look: a real one, slips included; with Path: as intended)",
    "help.teach.keep": "keep what was shown as a demonstration",
    "help.teach.path": "with Path: lead the path to the chosen cell",
    "help.teach.others": "let the optimal policy show; another view; begin the demonstration again",
  },

  ja: {
    "page.teach": "教える",
    "tool.path": "経路",
    "horizon": "ホライズン", "horizon.hint": "デモンストレーションの歩数",
    "l2": "L2 の重み", "l2.hint": "示されていないマスの報酬を 0 に近づける",
    "beta": "教師の β", "beta.hint": "最善の行動を選ぶ厳密さ",
    "demos": "1 回に示すデモンストレーションの数",
    "stay": "描いた経路の終点に、ホライズンまでとどまる",

    "teach.hint": "ゴールまでの行き方を示し、着いたらそこにとどまってください。矢印キーで歩く（滑ることもあります）か、"
      + "「経路」を選んでスタートから描きます。最適方策に示させることもできます。",
    "teach.hint.path": "スタートからマウスや指でなぞるか、矢印キーと Enter で描きます。各歩は狙いどおりに進みます。",
    "teach.hint.change": "次は、壁を描くかスタートを動かしてください。学習した結果はそのままで、新しい迷路で評価されます。",
    "teach.changed": "デモンストレーションは変更前の迷路のものです。そこから学習した結果を、いまの迷路で表示しています。",
    "teach.size": "デモンストレーションは {size} の迷路のものです。学習した結果は、同じ大きさの迷路で表示されます。",
    "teach.other.maze": "デモンストレーションは変更前の迷路のものです。続けて示すには、変更を元に戻すか、すべて削除してください。",
    "teach.many": "デモンストレーションは {count} 個まで、それぞれ {steps} 歩まで、合計 {all} 歩までです。",
    "teach.walk.under.way": "{step} 歩目（最大 {horizon} 歩）。「確定」か Enter で、ここまでをデモンストレーションにします。",
    "teach.path.under.way": "経路は {step} 歩（最大 {horizon} 歩）。「確定」か Enter で、ここまでにします。",
    "teach.pad": "1 歩示す",
    "teach.go.up": "上への 1 歩を示す", "teach.go.right": "右への 1 歩を示す",
    "teach.go.down": "下への 1 歩を示す", "teach.go.left": "左への 1 歩を示す",
    "teach.keep": "確定",
    "teach.restart": "途中のデモンストレーションを破棄し、最初から示す",
    "teach.best": "最適方策に示させる",
    "teach.stop": "停止", "teach.go.on": "続ける",
    "teach.terminal": "この迷路では、ゴールでエピソードが終わります。そのため「1 歩ごとに損をする」という報酬でも、ゴールと同じくらい"
      + "デモンストレーションを説明できます。L2 の重みが 1 のように大きいと、途中のマスに正の報酬が残り、計画した方策はそれを集め続けて、いつまでも終わりません。",
    "teach.open": "ゴールで終わらない迷路にする",

    "teach.view": "マスに表示するもの",
    "teach.cloning": "行動クローニング", "teach.maxent": "MaxEnt の報酬", "teach.mean": "ベイズ: 平均",
    "teach.sd": "ベイズ: ばらつき", "teach.truth": "真の報酬",
    "teach.cloning.legend": "矢印: 最も多く示された行動、斜線: 示されていないマス",
    "teach.maxent.legend": "推定した報酬、矢印: その計画",
    "teach.mean.legend": "報酬の事後平均、矢印: その計画",
    "teach.sd.legend": "報酬の事後標準偏差",
    "teach.truth.legend": "真の報酬、矢印: 最適方策",
    "teach.unseen": "示されていないマス",
    "teach.way": "進む方向: {ways}",
    "teach.regret": "リグレット {regret}",
    "teach.maxent.step": "MaxEnt: 反復 {number} 回、勾配 {gradient}",
    "teach.maxent.done": "MaxEnt: 反復 {number} 回で収束、勾配 {gradient}",
    "teach.bayes.step": "ベイズ: サンプル {samples} / {most}、受理率 {acceptance}、R-hat {r_hat}、有効サンプルサイズ {ess}",
    "teach.bayes.apart": "連鎖は不一致（R-hat > {agreed}）",
    "teach.bayes.large": "ベイズ: サンプルごとに計画し直すため、100 マス以下の迷路でだけ計算します。",

    "teach.worth": "学んだ目的は、迷路が変わっても役立つか",
    "teach.worth.none": "デモンストレーションを示すと、それぞれの手法が何を学習したかを表示します。",
    "teach.worth.home": "迷路を変えてみましょう。通り道に壁を描くか、スタートを動かします。",
    "teach.worth.wait": "変更後の迷路で計算しています…",
    "teach.worth.carries": "変更後の迷路でも、MaxEnt が学んだ目的は役立っています（リグレット {maxent}）。行動クローニングは、"
      + "もう合わない行動を繰り返します（リグレット {cloning}）。",
    "teach.worth.fails": "変更後の迷路では、MaxEnt の報酬に従うとうまくいきません（リグレット {maxent}、クローニングは {cloning}）。"
      + "その報酬が、ゴールを指していないためです。",
    "teach.worth.same": "変更後の迷路では、どちらも同じくらいの良さです（リグレット: MaxEnt {maxent}、クローニング {cloning}）。",
    "teach.method": "手法", "teach.value": "V(スタート)", "teach.loss": "リグレット",
    "teach.value.now": "変更後の V", "teach.loss.before": "変更前のリグレット", "teach.loss.now": "変更後のリグレット",
    "teach.method.cloning": "行動クローニング", "teach.method.maxent": "MaxEnt: 計画",
    "teach.method.mean": "ベイズ: 平均の計画", "teach.method.bayes": "ベイズ: 予測方策",
    "teach.method.best": "最適方策", "teach.method.random": "ランダムな行動",

    "teach.list": "デモンストレーション",
    "teach.none": "まだ何も示されていません。",
    "teach.row": "{number}. {by}、{length} 歩、収益 {value}",
    "teach.row.ended": "{number}. {by}、{length} 歩で終了、収益 {value}",
    "teach.by.walk": "歩行", "teach.by.path": "描画", "teach.by.best": "最適方策", "teach.by.file": "読み込み",
    "teach.remove": "デモンストレーション {number} を削除",
    "teach.last": "最後の 1 つを削除", "teach.forget": "すべて削除", "teach.back": "削除を取り消す",
    "teach.removed": "デモンストレーションをすべて削除しました。",
    "teach.save": "保存", "teach.load": "ファイルを読み込む…",
    "teach.walks": "「歩く」の記録を使う",
    "teach.taken.over": "「歩く」ページの記録 {count} 回分を取り込みました。",
    "teach.file.read": "{name}: デモンストレーション {count} 個を、迷路とともに読み込みました。",
    "teach.file.many": "{name} は大きすぎます。デモンストレーションは {count} 個まで、それぞれ {steps} 歩まで、合計 {all} 歩までです。",
    "teach.file.large": "{name} は {most} MB を超えています。",
    "teach.file.format": "{name} はデモンストレーションのファイルではありません。\"format\" が \"nanoka-demonstrations-1\" で、"
      + "迷路とエピソードのリストが必要です。",
    "teach.file.maze": "{name}: 迷路を読み取れません。",
    "teach.file.empty": "{name}: エピソード {number} には、[状態, 行動, 報酬, 次の状態] のステップが 1 つ以上必要です。",
    "teach.file.step": "{name}: エピソード {number} に、その迷路では起こらないステップか、報酬の合わないステップがあります。",
    "teach.link.long": "デモンストレーションが合計 {most} 歩を超えるため、リンクには含めていません。ファイルに保存してください。",
    "teach.link.broken": "リンクのデモンストレーションが迷路と合わないため、無視しました。",

    "help.teach": "教える: ゴールまでの行き方を示します。行動クローニングは「どこで何をしたか」をまね、MaxEnt とベイズは"
      + "「何を目指したか」を推定してから計画します。リグレットは、最適方策なら 0、ランダムな行動なら 1 です"
      + "（すべてのマスから始めた場合の平均）。",
    "help.teach.walk": "1 歩示す（「見る」では実際に歩き、滑ることもあります。「経路」では狙いどおり）",
    "help.teach.keep": "示したものをデモンストレーションとして確定",
    "help.teach.path": "「経路」のとき、選んだマスまで経路を延ばす",
    "help.teach.others": "最適方策に示させる／表示を切り替える／示し直す",
  },
};
