searches-title = 保存的搜索
searches-lead = 有新岗位时，这里会显示，也可以通知您。
searches-save = 保存这个搜索
searches-saved = 已保存。要不要在有新岗位时通知您？
searches-nothing-asked = 请先搜一个词或选一个条件，再保存。
searches-too-many = 最多保存 20 个搜索，请先删掉一个。
searches-none = 还没有保存的搜索
searches-none-text = 在岗位页搜索后，点“保存这个搜索”。
searches-fresh = { $n } 个新岗位
searches-alert = 有新岗位时
searches-alert-off = 不通知
searches-alert-daily = 每天最多通知一次
searches-alert-soon = 尽快通知
searches-alert-save = 确定
searches-alert-set = 已设为：{ $alert }
searches-remove = 删除
searches-remove-sure = 删除这个搜索？以后不再通知。
searches-removed = 已删除
searches-unreachable = 验证手机号或邮箱后，才能收到通知。
searches-told-subject = { $n } 个新岗位：{ $search }
searches-told =
    { $titles }

    查看：{ $link }
    不想再收到：{ $stop }
searches-recommended-title = 为您推荐
searches-recommended-lead = 只根据您投过的岗位和保存的搜索推荐，每个都写明原因。
searches-recommended-switch-off = 不要推荐
searches-recommended-switch-on = 打开推荐
searches-recommended-on = 已打开推荐
searches-recommended-off = 已关闭推荐
searches-recommended-is-off = 推荐已关闭
searches-recommended-is-off-text = 您随时可以再打开。
searches-recommended-none = 还没有可推荐的岗位
searches-recommended-none-text = 投一个岗位，或保存一个搜索，这里就会有类似的岗位。
searches-because-like = 像您投过的“{ $title }”
searches-because-fits = 符合您保存的搜索“{ $search }”
