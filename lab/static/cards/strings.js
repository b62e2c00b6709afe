// What the cards "predict, then press" say, in English and in Japanese. lab/cards.py has their mazes and finds their
// truths: {truth} and the other numbers in an explanation come from there.

export const CARD_STRINGS = {
  en: {
    "cards": "Predict, then press",
    "cards.intro": "Each card shows a maze and asks what will happen. Answer first; then the planner or the learners "
      + "work out the truth, here and now. Most people get some of them wrong, and that is where there is something "
      + "to learn.",
    "cards.mark.true": "right", "cards.mark.false": "not right", "cards.mark.given": "answered",
    "cards.count": "{right} right, {given} answered, {all} cards",
    "cards.forget": "Forget my answers",
    "cards.answer": "Your prediction",
    "cards.range": "from {low} to {high}",
    "cards.check": "That is my prediction",
    "cards.judging": "Your prediction: {answer}. The truth is being worked out…",
    "cards.right": "Right: {answer}.",
    "cards.right.near": "Right: {answer} is near enough.",
    "cards.wrong": "Not right: {answer}.",
    "cards.try": "Try it in the simulator",
    "cards.all": "All cards", "cards.next": "Next card",
    "cards.link": "Some answers in this link fit no card and were left out: {text}.",

    "card.bridge.title": "The bridge",
    "card.bridge.question": "The short way to the treasure is a bridge with danger on both sides; a long way leads "
      + "around it. From which move probability on does the best policy cross the bridge?",
    "card.bridge.why": "From {truth} on. Near that point {across}% of the walks across the bridge end in danger, but "
      + "only {around}% of those around it: the best policy accepts more danger, because every step costs and γ "
      + "makes a later treasure worth less.",

    "card.discount.title": "Near or far",
    "card.discount.question": "A treasure worth 0.3 lies 4 steps to the left, one worth 1 lies 9 steps to the right. "
      + "From which discount rate γ on does the best policy walk to the large one?",
    "card.discount.why": "From {truth} on. A reward that is paid at step k counts γ to the power of k − 1, so a "
      + "small γ makes the agent short-sighted. At γ = {gamma}, going left is worth {near} and going right {far}.",

    "card.order.title": "Against the order",
    "card.order.question": "A corridor of 20 cells without slips, the treasure at its right end. Synchronous value "
      + "iteration needs about one sweep for each cell. Value iteration in place goes from left to right and uses "
      + "new values at once. How many sweeps does it need?",
    "card.order.choice.two": "two",
    "card.order.choice.half": "about half as many",
    "card.order.choice.same": "as many",
    "card.order.why": "As many: {in_place}, and synchronous {synchronous}. The news of the treasure travels to the "
      + "left, against the order: each cell is updated before its right neighbour has heard the news. With the "
      + "treasure at the left end, {mirrored} sweeps are enough.",

    "card.danger.title": "Every step hurts",
    "card.danger.question": "In the book’s maze every step now costs 2. What does the best policy do?",
    "card.danger.choice.treasure": "It heads for the treasure",
    "card.danger.choice.danger": "It jumps into danger",
    "card.danger.choice.neither": "It avoids both",
    "card.danger.why": "It jumps into danger, where {danger}% of its walks end. Danger costs 1, but only once, while "
      + "each further step costs 2: what counts is a quick end. An agent does what the rewards say, not what they "
      + "were meant to say.",

    "card.bonus.title": "A small bonus",
    "card.bonus.question": "γ is 0.99, and each step now pays a little instead of costing something. From which step "
      + "reward on does the best policy never end the episode?",
    "card.bonus.why": "From {truth} on: paid for ever, that is worth {truth} / (1 − {gamma}) = {forever}, as much as "
      + "the treasure. With γ near 1, a small bonus for each step outweighs any goal.",

    "card.improvements.title": "Better in great strides",
    "card.improvements.question": "Policy iteration evaluates a policy, improves it in all cells at once, and stops "
      + "when nothing gets better. Here are about a hundred cells with four actions each. How often does it improve "
      + "the policy?",
    "card.improvements.why": "{truth} times, and the last time finds nothing to improve. There are 4 to the power of "
      + "{cells} policies, a number of {digits} digits, but each improvement changes all cells at once, and already "
      + "the first policy heads for the treasure. Most of the {sweeps} sweeps evaluate.",

    "card.trapped.title": "No way in",
    "card.trapped.question": "The treasure is walled in, each step costs 0.04, and γ is 0.9. What is the start "
      + "worth?",
    "card.trapped.why": "{truth}. The agent pays for ever, but the discount keeps the sum finite: {step_reward} × (1 "
      + "+ γ + γ² + …) = {step_reward} / (1 − {gamma}).",

    "card.cliff.title": "Along the cliff",
    "card.cliff.question": "SARSA and Q-learning learn beside a cliff for 500 episodes, and both explore with ε = "
      + "0.1. Which of them gets more reward meanwhile?",
    "card.cliff.choice.sarsa": "SARSA",
    "card.cliff.choice.q_learning": "Q-learning",
    "card.cliff.choice.same": "about the same",
    "card.cliff.why": "SARSA, {sarsa} an episode against {q_learning}. Q-learning learns what the greedy policy is "
      + "worth; its way is the shortest ({q_learning_path} steps), but runs along the edge, and exploring makes it "
      + "fall. SARSA learns what its own policy is worth, exploration and all, so it keeps away from the edge "
      + "({sarsa_path} steps).",

    "card.optimism.title": "All is good until tried",
    "card.optimism.question": "A small treasure is near, a large one far. One Q-learning agent explores with ε = 0.1 "
      + "and starts with Q = 0. Another never explores, but starts with Q = 1. Which of them has learnt to walk to "
      + "the large treasure after 500 episodes?",
    "card.optimism.choice.exploring": "the one that explores",
    "card.optimism.choice.optimistic": "the one that starts with Q = 1",
    "card.optimism.choice.both": "both",
    "card.optimism.choice.neither": "neither",
    "card.optimism.why": "The one that starts with Q = 1: in {optimistic} of {runs} runs; the one that explores in "
      + "{exploring}. To an optimist, what was never tried looks best, so it tries everything without any random "
      + "action. The other soon knows a way that pays; its random steps lead to the far end too rarely for the news "
      + "to come back to the start.",

    "card.patience.title": "A long way",
    "card.patience.question": "Monte Carlo and Q-learning each take 20,000 steps in a long, winding maze. Which of "
      + "them reaches the treasure more often?",
    "card.patience.choice.monte_carlo": "Monte Carlo",
    "card.patience.choice.q_learning": "Q-learning",
    "card.patience.choice.same": "about the same",
    "card.patience.why": "Q-learning, {q_learning} times against {monte_carlo}. It lowers the value of an action at "
      + "every step that costs something, and so tries another in the same episode. Monte Carlo learns only when an "
      + "episode ends, and one without treasure is cut off after {limit} steps.",

    "card.traces.title": "How far the news travels",
    "card.traces.question": "A corridor of 12 cells leads to the treasure, and nothing else is paid. TD(λ) with λ = "
      + "0 has just reached the treasure for the first time. In how many cells has it learnt something?",
    "card.traces.why": "In {truth}, the one before the treasure. With λ = 0, a TD error changes only the pair that "
      + "was just left, so the news goes back about one cell an episode and takes {episodes} to the start. With λ = "
      + "0.9 the traces carry it back at once: {traced} cells after the first treasure.",

    "card.double.title": "Too good to be true",
    "card.double.question": "The ground is slippery and the learning rate stays at 0.5, so all estimates are noisy. "
      + "Q-learning takes the largest for its target, and its max Q at the start is too high. In Double Q-learning "
      + "one table picks the action and another says what it is worth. How is its max Q at the start, on average?",
    "card.double.choice.higher": "still too high",
    "card.double.choice.same": "right",
    "card.double.choice.lower": "too low",
    "card.double.why": "Too low: {double_q_learning}, where {optimum} is right and Q-learning says {q_learning}. The "
      + "maximum of noisy estimates is too high, since it picks the lucky ones. The second table is not fooled by "
      + "that luck, but an action that only looked best is worth less than the best one. A smaller learning rate "
      + "helps both.",

    "card.imagination.title": "Fifty thoughts a step",
    "card.imagination.question": "The shortest way takes 14 steps, and only the treasure pays. After each real step "
      + "Dyna-Q imagines 50 updates of pairs that it has tried. After how many episodes does it know a way of at "
      + "most 16 steps?",
    "card.imagination.why": "After {truth}. In the first it stumbles on the treasure, and its model carries the news "
      + "back through all that it has seen. With 5 imagined updates a step it takes {five} episodes, with none, as "
      + "plain Q-learning, {none}. Imagining costs computing, but no steps.",

    "card.shortcut.title": "The world gets better",
    "card.shortcut.question": "The way through the gap takes 16 steps. After 3000 steps a second gap opens on the "
      + "right, and 10 are enough. Dyna-Q and Dyna-Q+ go on learning for 3000 steps more, with ε = 0.1. Who takes "
      + "the shortcut?",
    "card.shortcut.choice.dyna": "Dyna-Q",
    "card.shortcut.choice.dyna_plus": "Dyna-Q+",
    "card.shortcut.choice.both": "both",
    "card.shortcut.choice.neither": "neither",
    "card.shortcut.why": "Only Dyna-Q+: it meets {dyna_plus} treasures in those 3000 steps, and the old way allows "
      + "no more than {most}; Dyna-Q meets {dyna}. Its model says that there is a wall, and it plans as if that were "
      + "true for ever. Dyna-Q+ adds a bonus κ√τ to what it has not tried for τ steps, so it plans to look again. "
      + "Try it: let both learn for 3000 steps, then press “Open a shortcut”.",
  },

  ja: {
    "cards": "予想カード",
    "cards.intro": "カードごとに、迷路を見て何が起こるかを予想します。先に答えると、プランナーやエージェントが"
      + "その場で真の値を求めます。たいていの人がどこかで間違えますが、そこにこそ学ぶことがあります。",
    "cards.mark.true": "正解", "cards.mark.false": "不正解", "cards.mark.given": "回答済み",
    "cards.count": "正解 {right}、回答済み {given}、全 {all} 枚",
    "cards.forget": "回答を消す",
    "cards.answer": "あなたの予想",
    "cards.range": "{low} から {high} まで",
    "cards.check": "この予想で答える",
    "cards.judging": "あなたの予想は {answer}。真の値を求めています…",
    "cards.right": "正解です（{answer}）。",
    "cards.right.near": "十分に近く、正解です（{answer}）。",
    "cards.wrong": "違いました（{answer}）。",
    "cards.try": "シミュレーターで試す",
    "cards.all": "カード一覧", "cards.next": "次のカード",
    "cards.link": "リンクの回答のうち、どのカードにも合わないものを省きました: {text}。",

    "card.bridge.title": "橋",
    "card.bridge.question": "宝への近道は、両側が危険な橋です。遠回りの道もあります。最適方策が橋を渡るのは、"
      + "移動確率がいくつ以上のときですか。",
    "card.bridge.why": "{truth} 以上です。その前後で危険に落ちる割合は、橋を渡ると {across}%、"
      + "遠回りなら {around}% です。1 歩ごとに費用がかかり、宝は遅く着くほど γ で割り引かれるので、"
      + "最適方策はより大きな危険を引き受けます。",

    "card.discount.title": "近い宝、遠い宝",
    "card.discount.question": "左へ 4 歩の所に報酬 0.3 の宝、右へ 9 歩の所に報酬 1 の宝があります。最適方策が"
      + "大きな宝へ向かうのは、割引率 γ がいくつ以上のときですか。",
    "card.discount.why": "{truth} 以上です。k 歩目の報酬には γ の k − 1 乗がかかるので、γ が小さいとエージェントは"
      + "近視眼的になります。γ = {gamma} では、左へ行く価値は {near}、右へ行く価値は {far} です。",

    "card.order.title": "向きに逆らって",
    "card.order.question": "20 マスの廊下で、滑りはなく、宝は右端にあります。同期更新の価値反復法には、"
      + "およそマスの数だけのスイープが必要です。その場更新の価値反復法は左から右へ進み、新しい値をすぐに使います。"
      + "必要なスイープは何回ですか。",
    "card.order.choice.two": "2 回",
    "card.order.choice.half": "およそ半分",
    "card.order.choice.same": "同じ回数",
    "card.order.why": "同じ回数です（その場更新 {in_place} 回、同期更新 {synchronous} 回）。宝の情報は左へ、"
      + "つまりスイープの向きに逆らって伝わります。どのマスも、右隣に情報が届く前に更新されてしまいます。宝が"
      + "左端にあれば {mirrored} 回で済みます。",

    "card.danger.title": "高くつく 1 歩",
    "card.danger.question": "書籍の迷路で、1 歩ごとに 2 の費用がかかるようにしました。最適方策はどうしますか。",
    "card.danger.choice.treasure": "宝へ向かう",
    "card.danger.choice.danger": "危険に飛び込む",
    "card.danger.choice.neither": "どちらも避ける",
    "card.danger.why": "危険に飛び込みます。{danger}% のエピソードがそこで終わります。危険の費用は 1 で"
      + "一度だけですが、1 歩歩くたびに 2 かかるので、早く終わるのが得です。エージェントは、報酬に"
      + "込めた意図ではなく、報酬そのものに従います。",

    "card.bonus.title": "小さなボーナス",
    "card.bonus.question": "γ は 0.99 です。1 歩ごとに費用ではなく小さな報酬が得られるようにします。最適方策が"
      + "エピソードを終わらせなくなるのは、1 歩の報酬がいくつ以上のときですか。",
    "card.bonus.why": "{truth} 以上です。永遠に得られる {truth} の価値は {truth} / (1 − {gamma}) = {forever} で、宝と"
      + "等しくなります。γ が 1 に近いと、1 歩ごとの小さなボーナスがどんなゴールよりも重くなります。",

    "card.improvements.title": "一気に改善",
    "card.improvements.question": "方策反復法は、方策を評価し、全マスで一度に改善し、改善がなくなると止まります。"
      + "約 100 マスに 4 つずつ行動があるこの迷路で、方策を何回改善しますか。",
    "card.improvements.why": "{truth} 回です。最後の 1 回は、改善する所がないことを確かめるだけです。"
      + "方策は 4 の {cells} 乗通り（{digits} 桁の数）ありますが、1 回の改善で全マスが変わり、最初の方策もすでに"
      + "宝へ向かいます。{sweeps} 回のスイープの大半は方策評価です。",

    "card.trapped.title": "たどり着けない宝",
    "card.trapped.question": "宝は壁に囲まれ、1 歩ごとに 0.04 の費用がかかり、γ は 0.9 です。"
      + "スタートの価値はいくつですか。",
    "card.trapped.why": "{truth} です。費用は永遠にかかりますが、割引のおかげで和は有限です。"
      + "{step_reward} × (1 + γ + γ² + …) = {step_reward} / (1 − {gamma})。",

    "card.cliff.title": "崖に沿って",
    "card.cliff.question": "SARSA と Q 学習が、ε = 0.1 で探索しながら、崖のそばで 500 エピソード学習します。その間に"
      + "得る報酬が多いのはどちらですか。",
    "card.cliff.choice.sarsa": "SARSA",
    "card.cliff.choice.q_learning": "Q 学習",
    "card.cliff.choice.same": "ほぼ同じ",
    "card.cliff.why": "SARSA です。1 エピソードあたり {sarsa} で、Q 学習は {q_learning} です。Q 学習は"
      + "貪欲方策の価値を学ぶので、最短（{q_learning_path} 歩）ですが崖のふちの道を選び、探索で落ちます。SARSA は"
      + "探索も含めた自分の方策の価値を学ぶので、ふちから離れて歩きます（{sarsa_path} 歩）。",

    "card.optimism.title": "試すまではすべて良い",
    "card.optimism.question": "近くに小さな宝、遠くに大きな宝があります。一方の Q 学習エージェントは ε = 0.1 で"
      + "探索し、Q = 0 から始めます。もう一方は探索をせず、Q = 1 から始めます。500 エピソード後に"
      + "大きな宝へ向かうのはどちらですか。",
    "card.optimism.choice.exploring": "探索する方",
    "card.optimism.choice.optimistic": "Q = 1 から始める方",
    "card.optimism.choice.both": "両方",
    "card.optimism.choice.neither": "どちらも向かわない",
    "card.optimism.why": "Q = 1 から始める方です。{runs} 回のうち {optimistic} 回で、"
      + "探索する方は {exploring} 回です。楽観的な初期値では、試していない行動が最も良く見えるので、"
      + "ランダムな行動なしですべてを試します。探索する方は、報酬のある道をすぐに覚えます。ランダムな行動で遠い端に"
      + "着くことはまれで、その情報はスタートまで戻りません。",

    "card.patience.title": "長い道のり",
    "card.patience.question": "モンテカルロ法と Q 学習が、長く曲がりくねった迷路をそれぞれ 20,000 歩歩きます。宝に"
      + "着く回数が多いのはどちらですか。",
    "card.patience.choice.monte_carlo": "モンテカルロ法",
    "card.patience.choice.q_learning": "Q 学習",
    "card.patience.choice.same": "ほぼ同じ",
    "card.patience.why": "Q 学習です。{q_learning} 回で、モンテカルロ法は {monte_carlo} 回です。Q 学習では、"
      + "費用のかかった行動の価値が 1 歩ごとに下がるので、同じエピソードのうちに別の行動を試します。モンテカルロ法は"
      + "エピソードの終わりにだけ学習し、宝に着かないエピソードは {limit} 歩で打ち切られます。",

    "card.traces.title": "情報はどこまで届くか",
    "card.traces.question": "12 マスの廊下の先に宝があり、ほかに報酬はありません。λ = 0 の TD(λ) が初めて宝に"
      + "着きました。いくつのマスで何かを学びましたか。",
    "card.traces.why": "宝の手前の {truth} マスです。λ = 0 では、TD 誤差は直前の状態と行動の組だけを変えるので、"
      + "情報は 1 エピソードにおよそ 1 マスずつ戻り、スタートまで {episodes} エピソードかかります。λ = 0.9 では"
      + "トレースが一度に伝え、最初の宝で {traced} マスが学びます。",

    "card.double.title": "うますぎる話",
    "card.double.question": "床が滑りやすく、学習率は 0.5 のままなので、どの見積もりも揺れ続けます。Q 学習は"
      + "最大の見積もりを目標に使うため、スタートの最大の Q は高すぎます。Double Q 学習では、一方のテーブルが行動を選び、"
      + "もう一方のテーブルがその価値を見積もります。スタートの最大の Q は、平均してどうなりますか。",
    "card.double.choice.higher": "まだ高すぎる",
    "card.double.choice.same": "正しい",
    "card.double.choice.lower": "低すぎる",
    "card.double.why": "低すぎます。正しい値 {optimum} に対し {double_q_learning} です（Q 学習は {q_learning}）。"
      + "揺れる見積もりの最大値は、たまたま高いものを選ぶので高すぎます。もう一方のテーブルはその偶然にだまされませんが、"
      + "良く見えただけの行動の価値は、本当に最善の行動より低いのです。学習率を小さくすると、どちらも真の値に"
      + "近づきます。",

    "card.imagination.title": "1 歩ごとに 50 回の想像",
    "card.imagination.question": "最短の道は 14 歩で、報酬は宝だけです。Dyna-Q は実際の 1 歩ごとに、試したことのある"
      + "状態と行動の組について、想像上の更新を 50 回行います。16 歩以内の道がわかるのは、何エピソード後ですか。",
    "card.imagination.why": "{truth} エピソード後です。最初のエピソードで偶然宝に着くと、モデルを通じて、その情報がそれまでに"
      + "見た場所すべてに伝わります。想像上の更新が 1 歩に 5 回なら {five} エピソード、0 回（ただの Q 学習）なら {none} エピソード"
      + "かかります。想像には計算が必要ですが、歩数は増えません。",

    "card.shortcut.title": "環境が良くなったら",
    "card.shortcut.question": "壁の隙間を通る道は 16 歩です。3000 歩の後、右に 2 つ目の隙間が開き、10 歩で着けるように"
      + "なります。Dyna-Q と Dyna-Q+ は、ε = 0.1 のままさらに 3000 歩学習します。近道を通るようになるのはどちらですか。",
    "card.shortcut.choice.dyna": "Dyna-Q",
    "card.shortcut.choice.dyna_plus": "Dyna-Q+",
    "card.shortcut.choice.both": "両方",
    "card.shortcut.choice.neither": "どちらも通らない",
    "card.shortcut.why": "Dyna-Q+ だけです。その 3000 歩で宝に {dyna_plus} 回着きました。元の道では多くても {most} 回で、"
      + "Dyna-Q は {dyna} 回です。Dyna-Q のモデルではそこは壁のままで、いつまでもそれを正しいものとして計画します。Dyna-Q+ は、"
      + "τ 歩試していない行動にボーナス κ√τ を加えるので、もう一度確かめに行きます。両方を 3000 歩学習させてから、"
      + "「近道を開く」を押してみてください。",
  },
};
